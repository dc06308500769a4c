/*
 * The commit that a folder is at: see git_commit.h.
 *
 * HEAD names a commit, or a reference that does. A reference is a file of its own, or a line of
 * `packed-refs`. In a second work tree `.git` is a file that names the folder of HEAD; references
 * are then where that folder's `commondir` says.
 */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "git_commit.h"

#include "../graph/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE = 4096 };

/* "FOLDER/NAME", or NAME where that is absolute; freed by the caller. */
static char *join(const char *folder, const char *name) {
    yg_text path = {0};
    if (name[0] == '/')
        yg_text_add(&path, "%s", name);
    else
        yg_text_add(&path, "%s/%s", folder, name);
    return yg_text_take(&path);
}

/* The first line of a file, without its end. */
static bool first_line(const char *folder, const char *name, char line[LINE]) {
    char *path = join(folder, name);
    FILE *file = path ? fopen(path, "re") : NULL;
    const bool good = file && fgets(line, LINE, file);
    if (file)
        fclose(file);
    free(path);
    if (good)
        line[strcspn(line, "\r\n")] = '\0';
    return good;
}

static bool is_commit(const char *text) {
    const size_t digits = strspn(text, "0123456789abcdef");
    return digits >= 40 && digits < YG_COMMIT_TEXT && text[digits] == '\0';
}

/* Looks a reference up in `packed-refs`: lines of a commit, a blank and a reference. */
static bool find_packed(const char *folder, const char *reference, char commit[YG_COMMIT_TEXT]) {
    char *path = join(folder, "packed-refs"), line[LINE];
    FILE *file = path ? fopen(path, "re") : NULL;
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        char *blank = strchr(line, ' ');
        if (!blank || strcmp(blank + 1, reference) != 0)
            continue;
        *blank = '\0';
        found = is_commit(line);
        if (found)
            snprintf(commit, YG_COMMIT_TEXT, "%.64s", line);
    }
    if (file)
        fclose(file);
    free(path);
    return found;
}

/* The commit of the repository whose HEAD is in `folder`. */
static bool read_head(const char *folder, char commit[YG_COMMIT_TEXT]) {
    char head[LINE], line[LINE];
    if (!first_line(folder, "HEAD", head))
        return false;
    if (strncmp(head, "ref: ", 5) != 0) {
        if (is_commit(head))
            snprintf(commit, YG_COMMIT_TEXT, "%.64s", head);
        return is_commit(head);
    }
    char *common = join(folder, first_line(folder, "commondir", line) ? line : ".");
    bool found = common && first_line(common, head + 5, line) && is_commit(line);
    if (found)
        snprintf(commit, YG_COMMIT_TEXT, "%.64s", line);
    else
        found = common && find_packed(common, head + 5, commit);
    free(common);
    return found;
}

/* Looks for a repository in this very folder. */
static bool look(const char *folder, bool *there, char commit[YG_COMMIT_TEXT]) {
    struct stat status;
    char line[LINE], *git = join(folder, ".git"), *elsewhere = NULL;
    *there = git && stat(git, &status) == 0;
    bool found = false;
    if (*there && S_ISDIR(status.st_mode)) {
        found = read_head(git, commit);
    } else if (*there && first_line(folder, ".git", line) && strncmp(line, "gitdir: ", 8) == 0) {
        elsewhere = join(folder, line + 8);
        found = elsewhere && read_head(elsewhere, commit);
    }
    free(elsewhere);
    free(git);
    return found;
}

bool yg_git_commit(const char *folder, char commit[YG_COMMIT_TEXT]) {
    char *path = realpath(*folder ? folder : ".", NULL);
    bool there = false, found = false;
    while (path && *path && !there) {
        found = look(path, &there, commit);
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
    }
    free(path);
    return found;
}
