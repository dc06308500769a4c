/*
 * Which marks of a CSV file would read a text as a number.
 */
#include "data/csv_guess.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *text, *signs, *marks; /* decimal, then thousands if any; NULL: it is no number */
} guesses[] = {
    {"5", "", "."},
    {"-1.5e3", "", "."},
    {"1,5", "", ","},
    {"1,234", "", ".,"},
    {"0,234", "", ","},
    {"-0,234", "", ","},
    {"0.234", "", "."},
    {"0,234.5", "", ".,"},
    {"1,234.5", "", ".,"},
    {"1.234,5", "", ",."},
    {"1.234.567", "", ",."},
    {"$5", "$", "."},
    {"-$5.25", "$", "."},
    {"$1,234.50", "$", ".,"},
    {"1.234,50 \xE2\x82\xAC", "\xE2\x82\xAC", ",."},
    {"(1,234)", "()", ".,"},
    {"($5)", "($)", "."},
    {"12 %", "%", "."},
    {"12kg", "kg", "."},
    {"5 \xC2\xB0", "\xC2\xB0", "."},
    {"US$ 5", "US$", "."},
    {"CHF 5", "CHF", "."},
    {"A1", NULL, NULL},
    {"room 7", NULL, NULL},
    {"5 metres", NULL, NULL}, /* an e could belong to a number */
    {"1-2", NULL, NULL},
    {"1/2", NULL, NULL},
    {"1 2", NULL, NULL},
    {"1,23,4", NULL, NULL},
    {"five", NULL, NULL},
    {"$", NULL, NULL},
    {"", NULL, NULL},
    {"5 \"", NULL, NULL},
    {"5 abcdghijklmno", NULL, NULL},
};

Test(csv_guess, finds_marks_that_read_a_number) {
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        yg_csv_marks marks;
        const char *text = guesses[i].text, *want = guesses[i].marks;
        const bool found = yg_csv_guess(text, strlen(text), &marks);
        cr_expect_eq(found, want != NULL, "'%s': %d", text, found);
        if (!found || !want)
            continue;
        cr_expect_str_eq(marks.signs, guesses[i].signs, "'%s': %s", text, marks.signs);
        cr_expect(marks.decimal == want[0] && marks.thousands == want[1], "'%s': %c %c", text,
                  marks.decimal, marks.thousands);
    }
}

Test(csv_guess, signs_are_joined_while_there_is_room) {
    char signs[YG_CSV_SIGNS] = "$";
    cr_expect(yg_csv_signs_join(signs, "$%"));
    cr_expect_str_eq(signs, "$%");
    cr_expect(!yg_csv_signs_join(signs, "abcdefghijklmn"));
    cr_expect_str_eq(signs, "$%", "nothing is added where not all have room");
    cr_expect(yg_csv_signs_join(signs, "abcdefghijklm"));
    cr_expect_eq(strlen(signs), YG_CSV_SIGNS - 1);
}
