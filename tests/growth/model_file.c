/*
 * Writes files piece by piece: see model_file.h.
 */
#include "model_file.h"

#include <stdlib.h>

FILE *begin_file(const char *name) {
    FILE *file = fopen(name, "w");
    if (!file)
        abort();
    return file;
}

void end_file(FILE *file) {
    if (fclose(file) != 0)
        abort();
}

void write_list(FILE *file, int n, const char *between, const char *item) {
    for (int i = 0; i < n; i++) {
        if (i > 0)
            fputs(between, file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(file, item, i, i, i);
#pragma GCC diagnostic pop
    }
}

void write_question(int columns, const char *header) {
    FILE *file = begin_file("question.csv");
    write_list(file, columns, ",", header);
    fputs("\n", file);
    write_list(file, columns, ",", "1");
    fputs("\n", file);
    end_file(file);
}

FILE *begin_model(const char *head) {
    write_question(2, "x.%d");
    FILE *file = begin_file("model.yaml");
    fprintf(file, "format: 1\nname: m\n%s", head);
    return file;
}

void end_model(FILE *file, const char *rest) {
    fputs(rest, file);
    end_file(file);
}

void write_sum(FILE *file, int n, const char *item) {
    for (int i = 0; i < n; i++) {
        if (i == 0)
            fputs("  p0: ", file);
        else
            fprintf(file, "  p%d: p%d + ", i, i - 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(file, item, i);
#pragma GCC diagnostic pop
        fputs("\n", file);
    }
    fprintf(file, "  p: p%d\n", n - 1);
}

void write_times(FILE *file, int n, const char *text) {
    for (int i = 0; i < n; i++)
        fputs(text, file);
}
