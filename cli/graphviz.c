/*
 * Drawing with Graphviz: see graphviz.h.
 *
 * Text and picture go through files without names. Through pipes, dot could wait for us to read
 * while we wait for it to read.
 */
#include "graphviz.h"

#include "options.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs dot with these files as its standard input and output. Returns its status, as waitpid()
 * gives it, or -1 with errno if it could not be started. */
static int run_dot(FILE *in, FILE *out, const char *form) {
    char option[16];
    snprintf(option, sizeof option, "-T%s", form);
    char *const arguments[] = {"dot", option, NULL};
    posix_spawn_file_actions_t files;
    pid_t process = -1;
    int status = -1, reason = posix_spawn_file_actions_init(&files);
    if (reason == 0) {
        reason = posix_spawn_file_actions_adddup2(&files, fileno(in), STDIN_FILENO);
        if (reason == 0)
            reason = posix_spawn_file_actions_adddup2(&files, fileno(out), STDOUT_FILENO);
        if (reason == 0)
            reason = posix_spawnp(&process, "dot", &files, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&files);
    }
    while (reason == 0 && waitpid(process, &status, 0) < 0)
        reason = errno == EINTR ? 0 : errno;
    errno = reason;
    return reason == 0 ? status : -1;
}

static int fail_run(int status) {
    if (status < 0 && errno == ENOENT)
        terminal_error("pictures are drawn by Graphviz, and there is no program 'dot' (Debian's "
                       "package is graphviz); --graph=dot prints the text that it takes");
    else if (status < 0)
        terminal_error("cannot run 'dot': %s", strerror(errno));
    else
        terminal_error("'dot' has failed");
    return STATUS_FAILED;
}

static int print_picture(FILE *picture) {
    char piece[1 << 14];
    FILE *out = terminal_open_data();
    if (!out || fseek(picture, 0, SEEK_SET) != 0) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    for (size_t got = 1; got > 0;) {
        got = fread(piece, 1, sizeof piece, picture);
        fwrite(piece, 1, got, out);
    }
    return terminal_close_data(out) ? STATUS_OK : STATUS_FAILED;
}

int graphviz_draw(FILE *text, const char *form) {
    FILE *picture = tmpfile();
    if (strcmp(form, "png") == 0 && isatty(STDOUT_FILENO)) {
        terminal_error("a terminal cannot show a PNG file; redirect it: --graph=png > model.png");
        if (picture)
            fclose(picture);
        return STATUS_USAGE;
    }
    if (!picture || fflush(text) != 0 || lseek(fileno(text), 0, SEEK_SET) != 0) {
        terminal_error("cannot make a temporary file: %s", strerror(errno));
        if (picture)
            fclose(picture);
        return STATUS_FAILED;
    }
    const int status = run_dot(text, picture, form);
    const int answer = status == 0 ? print_picture(picture) : fail_run(status);
    fclose(picture);
    return answer;
}
