/*
 * A table of sequences and a model that reads it: see sequence_table.h.
 */
#include "sequence_table.h"

#include <criterion/criterion.h>
#include <stdio.h>

bool is_gap(const sequence_case *c, int group, int row) {
    return c->gaps && row > 0 && (group + row) % 7 == 0;
}

void write_table(const workspace *w, const sequence_case *c) {
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    cr_assert_not_null(file);
    fputs(c->text ? "id,tokens,part\n" : "id,a,b,all,part\n", file);
    for (int g = 0; g < GROUPS; g++) {
        if (c->text)
            fprintf(file, "g%d,", g);
        for (int r = 0; r < length_of(g); r++) {
            if (c->text)
                fprintf(file, "%s%c", r ? " " : "", 'a' + (g + r) % 20);
            else if (is_gap(c, g, r))
                fprintf(file, "g%d,,%d,%d,%d\n", g, b_of(g, r), 3 * g, part_of(g));
            else
                fprintf(file, "g%d,%d,%d,%d,%d\n", g, a_of(g, r), b_of(g, r), 3 * g, part_of(g));
        }
        if (c->text)
            fprintf(file, ",%d\n", part_of(g));
    }
    fclose(file);
}

yg_model *model_of(const workspace *w, const sequence_case *c, const char *more) {
    char text[2000], limit[80] = "", pad[80] = "";
    if (c->max_length)
        snprintf(limit, sizeof limit, ", max_length: %d, longer: truncate", c->max_length);
    if (c->pad)
        snprintf(pad, sizeof pad, ", pad: %s", c->pad);
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: %s, n: {shape: [B], dtype: i64}}\n"
             "targets: {t: {shape: [B, T], dtype: i32}, all: [B]}\n"
             "graph: {s: \"mean(cast(x, dtype=float)) + mean(cast(t, dtype=float)) + mean(all) + "
             "mean(cast(n, dtype=float))\"}\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: t.csv, x: %s, t: %s, all: %s}\n%s"
             "  columns: {%s}\n"
             "  sequences: {%slengths: n%s%s%s}\n%s",
             c->text ? "{shape: [B, T], dtype: i32}" : "[B, T, 2]", c->text ? "tokens" : "[a, b]",
             c->text ? "tokens" : "b", c->text ? "part" : "all",
             c->split ? "  validation: {from: train, column: part, equals: 1}\n"
                        "  test: {from: train, column: part, equals: 2}\n"
                      : "",
             c->text ? "tokens: {kind: text, tokens: char}" : "a: {missing: drop}",
             c->text ? "" : "by: id, ", limit, pad, c->buckets ? "" : ", buckets: false", more);
    return workspace_model(w, "m.yaml", text);
}
