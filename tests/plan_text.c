/*
 * Reading a program's text: see plan_text.h.
 */
#include "plan_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

plan_shape plan_shape_of(const yg_program *program) {
    plan_shape shape = {0};
    char *text = yg_program_text(program);
    cr_assert_not_null(text);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        long long chunk, rows;
        line += strspn(line, "\n ");
        if (sscanf(line, "together, %lld of %lld rows", &chunk, &rows) == 2) {
            shape.row_loops++;
            shape.chunked += chunk < rows;
        }
        shape.stages += strncmp(line, "at once:", 8) == 0;
    }
    free(text);
    return shape;
}
