/*
 * See commands.h.
 */
#include "commands.h"

#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* cli/main.c's main(), under another name. */
int yamlgrad_main(int argc, char **argv);

#define MOST_SECONDS 5 /* of processor time: what is exponential never ends */

#define WEIGHTS "--weights", "run/weights.safetensors"

/* One thread: a count with several would depend on who does what. */
const counted_command counted_commands[] = {
    {"expand", {"expand", "model.yaml"}, false},
    {"show", {"show", "model.yaml"}, false},
    {"graph", {"show", "model.yaml", "--graph"}, false},
    {"dot", {"show", "model.yaml", "--graph=dot"}, false},
    {"plan", {"show", "model.yaml", "--plan"}, false},
    {"check", {"check", "model.yaml"}, false},
    {"grad", {"grad", "model.yaml"}, false},
    {"profile", {"profile", "model.yaml", "--seconds", "0", "--threads", "1"}, false},
    {"train", {"train", "model.yaml", "--quiet", "--out", "run", "--threads", "1"}, false},
    {"cv", {"cv", "model.yaml", "-q", "--folds=2", "--out=cv", "--threads=1"}, false},
    {"data", {"data", "model.yaml"}, false},
    {"new", {"new", "train.csv", "--target=y", "--output=new.yaml", "--force"}, false},
    {"eval", {"eval", "model.yaml", WEIGHTS, "--threads", "1"}, true},
    {"predict", {"predict", "model.yaml", "question.csv", WEIGHTS, "--threads", "1"}, true},
};

const size_t counted_command_count = sizeof counted_commands / sizeof *counted_commands;

counted_run count_run(const counted_command *command) {
    work_reset();
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {MOST_SECONDS, MOST_SECONDS};
        setrlimit(RLIMIT_CPU, &limit);
        if (!freopen("/dev/null", "r", stdin) || !freopen("out", "w", stdout) ||
            !freopen("err", "w", stderr))
            _exit(99);
        char *argv[10] = {(char *)"yamlgrad"};
        int argc = 1;
        for (; command->arguments[argc - 1]; argc++)
            argv[argc] = (char *)command->arguments[argc - 1];
        const int status = yamlgrad_main(argc, argv);
        fflush(NULL);
        _exit(status);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return (counted_run){work_done(), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}
