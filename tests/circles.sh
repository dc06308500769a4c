#!/usr/bin/env bash
# Checks that files do not call each other in a circle: files in a circle can only be understood
# together. `circles.sh OBJECT…` fails if an object file needs, directly or through others, a file that
# needs it.
set -euo pipefail

[ $# -gt 0 ] || {
    echo "usage: circles.sh OBJECT…" >&2
    exit 2
}

# "USER OWNER": the file USER calls a function that OWNER defines.
calls() {
    nm --print-file-name --format=posix "$@" | awk '
        {
            file = $1
            sub(/\[.*\]:?$/, "", file)
            sub(/:$/, "", file)
            sub(/^.*\//, "", file)
            sub(/\.o$/, "", file)
            if ($3 == "U") { users[++count] = file; needs[count] = $2 }
            else if ($3 ~ /^[TDBRVWi]$/) owner[$2] = file
        }
        END {
            for (i = 1; i <= count; i++)
                if (needs[i] in owner && owner[needs[i]] != users[i])
                    print users[i], owner[needs[i]]
        }' | sort -u
}

edges=$(calls "$@")
[ -n "$edges" ] || {
    echo "circles.sh: no calls among $# files; are they object files?" >&2
    exit 1
}
if ! circle=$(tsort <<<"$edges" 2>&1 >/dev/null); then
    echo "files that call each other in a circle:"
    sed -n 's/^tsort: \(.*\.c\)$/  \1/p' <<<"$circle"
    exit 1
fi
