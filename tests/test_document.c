/*
 * The document reader: the tree and its places, the caps, and the typed reading of scalars. Its
 * messages on wrong files are checked by test_bad_files.c.
 */
#include "graph/file.h"
#include "models/loader/document.h"

#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- the tree -- */

/* "{a@1:1: '1'@1:4, b@2:1: [q'x'@2:5]@2:4}@1:1": a tree with all its places; q marks quotes. */
static void dump(const yg_value *value, char *text, size_t size) {
    size_t used = strlen(text);
    if (value->kind == YG_SCALAR) {
        snprintf(text + used, size - used, "%s'%s'", value->quoted ? "q" : "", value->text);
    } else {
        const bool mapping = value->kind == YG_MAPPING;
        snprintf(text + used, size - used, mapping ? "{" : "[");
        for (size_t i = 0; i < value->count; i++) {
            used = strlen(text);
            if (mapping)
                snprintf(text + used, size - used, "%s%s@%d:%d: ", i > 0 ? ", " : "",
                         value->keys[i]->text, value->keys[i]->origin.line,
                         value->keys[i]->origin.column);
            else
                snprintf(text + used, size - used, i > 0 ? ", " : "");
            dump(value->items[i], text, size);
        }
        used = strlen(text);
        snprintf(text + used, size - used, mapping ? "}" : "]");
    }
    used = strlen(text);
    snprintf(text + used, size - used, "@%d:%d", value->origin.line, value->origin.column);
}

static const struct {
    const char *text;
    const char *tree;
} trees[] = {
    {"a: 1", "{a@1:1: '1'@1:4}@1:1"},
    {"\xEF\xBB\xBF"
     "a: 1",
     "{a@1:1: '1'@1:4}@1:1"}, /* with a byte order mark */
    {"a: no\nb: 012\n", "{a@1:1: 'no'@1:4, b@2:1: '012'@2:4}@1:1"},
    {"a:\r\n  b: 1\r\n", "{a@1:1: {b@2:3: '1'@2:6}@2:3}@1:1"},
    {"- 1\n- [x, 'y', \"z\"]", "['1'@1:3, ['x'@2:4, q'y'@2:8, q'z'@2:13]@2:3]@1:1"},
    {"{a: , b: {}}", "{a@1:2: ''@1:5, b@1:7: {}@1:10}@1:1"},
    {"a:\nb: []", "{a@1:1: ''@1:3, b@2:1: []@2:4}@1:1"},
    {"é: 'ü', # x", NULL},
    {"é: ü # x", "{é@1:1: 'ü'@1:4}@1:1"},
    {"a: x +\n   y", "{a@1:1: 'x + y'@1:4}@1:1"},
    {"a: |\n\n   x\n   y\n", "{a@1:1: q'\nx\ny\n'@3:4}@1:1"},
    {"a: &p [1]\nb: *p", "{a@1:1: ['1'@1:8]@1:4, b@2:1: ['1'@1:8]@1:4}@1:1"},
    {"a: &p 1\nb: *p", "{a@1:1: '1'@1:7, b@2:1: '1'@1:7}@1:1"},
    {"a: &p # why\n  'x'", "{a@1:1: q'x'@2:4}@1:1"},
    {"q, k, v: split(x, 3)", "{q, k, v@1:1: 'split(x, 3)'@1:10}@1:1"},
    {"{y: \"sum(x, axis=1)\"}", "{y@1:2: q'sum(x, axis=1)'@1:6}@1:1"},
    {"--- # one document\na: 1\n...\n", "{a@2:1: '1'@2:4}@2:1"},
};

Test(document, reads_trees_and_places) {
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        yg_error error = {0};
        yg_document *document =
            yg_document_parse(trees[i].text, strlen(trees[i].text), "a.yaml", &error);
        if (trees[i].tree == NULL) {
            cr_expect_null(document, "%s", trees[i].text);
            cr_expect_eq(error.code, YG_ERROR_SYNTAX, "%s", trees[i].text);
            continue;
        }
        cr_assert_not_null(document, "%s: %s", trees[i].text, error.message);
        char tree[1000] = "";
        dump(yg_document_root(document), tree, sizeof tree);
        cr_expect_str_eq(tree, trees[i].tree);
        cr_expect_str_eq(yg_document_root(document)->origin.file, "a.yaml");
        yg_document_free(document);
    }
}

/* An expression is parsed from the text of the file, with its line breaks. A text with escapes is
 * parsed as YAML reads it. */
static const struct {
    const char *text;
    const char *source;
} sources[] = {
    {"a: x + y", "x + y"},
    {"a: x +\n   y  # z\n", "x +\n   y"},
    {"a: 'x +\n\n   y'", "x +\n\n   y"},
    {"a: \"x \\\n y\"", "x y"}, /* escapes: the text itself */
    {"a: 'it''s'", "it's"},
    {"a: >\n  x +\n    y\n\nb: 1", "x +\n    y"},
    {"a: {b: [x\n  y]}", NULL}, /* found below the mapping, not looked for */
};

Test(document, keeps_the_source_of_scalars) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        yg_document *document =
            yg_document_parse(sources[i].text, strlen(sources[i].text), "a", NULL);
        cr_assert_not_null(document, "%s", sources[i].text);
        const yg_value *value = yg_value_get(yg_document_root(document), "a");
        if (sources[i].source != NULL)
            cr_expect_str_eq(value->source, sources[i].source);
        else
            cr_expect_str_eq(yg_value_get(value, "b")->items[0]->source, "x\n  y");
        yg_document_free(document);
    }
}

/* ------------------------------------------------------------------------------- the caps -- */

/* `count` times `part`, between `before` and `after`; freed by the caller. */
static char *repeat(const char *before, const char *part, size_t count, const char *after) {
    const size_t length = strlen(part);
    char *text = malloc(strlen(before) + count * length + strlen(after) + 1);
    cr_assert_not_null(text);
    strcpy(text, before);
    char *end = text + strlen(text);
    for (size_t i = 0; i < count; i++, end += length)
        memcpy(end, part, length);
    strcpy(end, after);
    return text;
}

static const struct {
    const char *before, *part;
    size_t count;
    const char *after;
    const char *message; /* how it begins; NULL: it is read */
} caps[] = {
    {"", "[", 63, "", "this '[' is not closed"},
    {"", "[", 200000, "", "nested more than 64 deep"},
    {"", "{a: ", 200000, "", "nested more than 64 deep"},
    {"a: [", "1,", YG_VALUE_CAP - 3, "]", NULL},
    {"a: [", "1,", YG_VALUE_CAP - 2, "]", "more than 100000 values"},
    {"a: ", "x", YG_SCALAR_CAP, "", NULL},
    {"a: ", "x", YG_SCALAR_CAP + 1, "", "a text of more than 65536 bytes"},
    {"a: 1 #", "x", YG_FILE_CAP - 6, "", NULL},
    {"a: 1 #", "x", YG_FILE_CAP - 5, "", "the file is too large"},
    {"a: &a ", "[", 62, "1", "this '[' is not closed"},
    {"", "&a ", 2, "b", "found '&a b'"},
};

Test(document, caps_size_depth_and_count) {
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        char *text = repeat(caps[i].before, caps[i].part, caps[i].count, caps[i].after);
        yg_error error = {0};
        yg_document *document = yg_document_parse(text, strlen(text), "a", &error);
        if (caps[i].message == NULL)
            cr_expect_not_null(document, "row %zu: %s", i, error.message);
        else
            cr_expect(document == NULL &&
                          strncmp(error.message, caps[i].message, strlen(caps[i].message)) == 0,
                      "row %zu: %s", i, error.message);
        yg_document_free(document);
        free(text);
    }
}

/* Each line has ten aliases of the line above: 10^n values in n short lines. */
Test(document, counts_what_aliases_stand_for) {
    for (int lines = 4; lines <= 20; lines++) {
        char text[4000] = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";
        for (int i = 1; i < lines; i++) {
            const size_t used = strlen(text);
            const char above = (char)('a' + i - 1);
            snprintf(text + used, sizeof text - used,
                     "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", above + 1, above + 1,
                     above, above, above, above, above, above, above, above, above, above);
        }
        yg_error error = {0};
        yg_document *document = yg_document_parse(text, strlen(text), "a", &error);
        cr_expect_eq(document != NULL, lines <= 4, "%d lines: %s", lines, error.message);
        yg_document_free(document);
    }
}

/* An alias counts with the depth of the value that it refers to. */
Test(document, counts_the_depth_of_aliases) {
    for (int extra = 0; extra < 2; extra++) {
        char text[600] = "";
        for (int i = 0; i < 31; i++)
            strcat(text, "[");
        strcat(text, "1");
        for (int i = 0; i < 31; i++)
            strcat(text, "]");
        char whole[2000];
        snprintf(whole, sizeof whole, "- &a %s\n- &b %.31s*a%.31s\n- %s*b%s\n", text, text,
                 text + 32, extra ? "[[" : "[", extra ? "]]" : "]");
        yg_error error = {0};
        yg_document *document = yg_document_parse(whole, strlen(whole), "a", &error);
        cr_expect_eq(document != NULL, extra == 0, "%s", error.message);
        yg_document_free(document);
    }
}

Test(document, reports_a_file_that_is_not_there) {
    yg_error error = {0};
    cr_expect_null(yg_document_load("no/such/model.yaml", &error));
    cr_expect_eq(error.code, YG_ERROR_IO);
    cr_expect_str_eq(error.message, "cannot open 'no/such/model.yaml': No such file or directory");
}

/* -------------------------------------------------------------------------------- scalars -- */

/* The value of `x` in "x: <text>". */
static yg_document *scalar(const char *text, const yg_value **value) {
    char line[2000];
    snprintf(line, sizeof line, "x: %s\n", text);
    yg_error error = {0};
    yg_document *document = yg_document_parse(line, strlen(line), "a", &error);
    cr_assert_not_null(document, "%s: %s", text, error.message);
    *value = yg_value_get(yg_document_root(document), "x");
    return document;
}

static const struct {
    const char *text;
    int64_t min, max;
    int64_t value;
    const char *message; /* NULL: it is read */
} ints[] = {
    {"12", 0, 0, 12, NULL},
    {"012", 0, 0, 12, NULL},
    {"-7", -7, 5, -7, NULL},
    {"+7", 0, 10, 7, NULL},
    {"9223372036854775807", 0, 0, INT64_MAX, NULL},
    {"-9223372036854775808", 0, 0, INT64_MIN, NULL},
    {"9223372036854775808", 0, 0, 0,
     "`x` must be a whole number; found the number 9223372036854775808, which is too large"},
    {"-9223372036854775809", 0, 0, 0,
     "`x` must be a whole number; found the number -9223372036854775809, which is too large"},
    {"11", 1, 10, 0, "`x` must be a whole number from 1 to 10; found the number 11"},
    {"0", 1, INT64_MAX, 0, "`x` must be a whole number of at least 1; found the number 0"},
    {"1", INT64_MIN, 0, 0, "`x` must be a whole number of at most 0; found the number 1"},
    {"1e3", 0, 0, 0, "`x` must be a whole number; found the number 1e3; write 1000"},
    {"2.5", 0, 0, 0, "`x` must be a whole number; found the number 2.5"},
    {"0x10", 0, 0, 0, "`x` must be a whole number; found the text '0x10'"},
    {"'3'", 0, 0, 0, "`x` must be a whole number; found the text '3' in quotes; leave them out"},
    {"", 0, 0, 0, "`x` must be a whole number; found nothing"},
    {"''", 0, 0, 0, "`x` must be a whole number; found an empty text"},
    {"[1]", 0, 0, 0, "`x` must be a whole number; found a list"},
    {"{a: 1}", 0, 0, 0, "`x` must be a whole number; found a mapping"},
};

Test(document, reads_whole_numbers) {
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        const yg_value *value;
        yg_document *document = scalar(ints[i].text, &value);
        yg_error error = {0};
        int64_t result = -1;
        const bool good = yg_value_int(value, "`x`", ints[i].min, ints[i].max, &result, &error);
        cr_expect_eq(good, ints[i].message == NULL, "%s", ints[i].text);
        if (good)
            cr_expect_eq(result, ints[i].value, "%s", ints[i].text);
        else
            cr_expect_str_eq(error.message, ints[i].message);
        yg_document_free(document);
    }
}

static const struct {
    const char *text;
    double min, max;
    double value;
    const char *message;
} floats[] = {
    {"1e-3", 0, 0, 1e-3, NULL},
    {"1E+3", 0, 0, 1e3, NULL},
    {".5", 0, 0, 0.5, NULL},
    {"5.", 0, 0, 5, NULL},
    {"-0.1", -1, 1, -0.1, NULL},
    {"123456789012345678", 0, 0, 123456789012345678.0, NULL},
    {"2.2250738585072011e-308", 0, 0, 2.2250738585072011e-308, NULL}, /* a subnormal */
    {"1e-400", 0, 0, 0,
     "`x` must be a number; found the number 1e-400, which is too small: the smallest above 0 is "
     "about 4.9e-324"},
    {"0e-400", 0, 0, 0, NULL},
    {"-00.0e-999", 0, 0, -0.0, NULL},
    {"1e999", 0, 0, 0, "`x` must be a number; found the number 1e999, which is too large"},
    {"nan", 0, 0, 0, "`x` must be a number; found the text 'nan'"},
    {".inf", 0, 0, 0, "`x` must be a number; found the text '.inf'"},
    {"0x1p3", 0, 0, 0, "`x` must be a number; found the text '0x1p3'"},
    {"1,5", 0, 0, 0, "`x` must be a number; found the text '1,5'"},
    {"1e", 0, 0, 0, "`x` must be a number; found the text '1e'"},
    {"-1", 0, DBL_MAX, 0, "`x` must be a number of at least 0; found the number -1"},
    {"1.5", 0, 1, 0, "`x` must be a number from 0 to 1; found the number 1.5"},
    {"'1.5'", 0, 2, 0,
     "`x` must be a number from 0 to 2; found the text '1.5' in quotes; leave them out"},
};

static void check_floats(void) {
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        const yg_value *value;
        yg_document *document = scalar(floats[i].text, &value);
        yg_error error = {0};
        double result = -1;
        const bool good =
            yg_value_float(value, "`x`", floats[i].min, floats[i].max, &result, &error);
        cr_expect_eq(good, floats[i].message == NULL, "%s", floats[i].text);
        if (good)
            cr_expect(memcmp(&result, &floats[i].value, sizeof result) == 0, "%s: %.17g",
                      floats[i].text, result);
        else
            cr_expect_str_eq(error.message, floats[i].message);
        yg_document_free(document);
    }
}

Test(document, reads_numbers) {
    check_floats();
}

Test(document, reads_numbers_the_same_in_every_locale) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    size_t i = 0;
    while (i < 4 && setlocale(LC_ALL, names[i]) == NULL)
        i++;
    if (i == 4)
        cr_skip_test("no locale with a decimal comma is installed");
    char text[16];
    snprintf(text, sizeof text, "%.1f", 0.5);
    cr_assert_str_eq(text, "0,5");
    check_floats();
}

static const struct {
    const char *text;
    int value; /* -1: an error */
    const char *message;
} bools[] = {
    {"true", 1, NULL},
    {"false", 0, NULL},
    {"True", -1, "`x` must be true or false; found the text 'True'; write true"},
    {"yes", -1, "`x` must be true or false; found the text 'yes'; write true"},
    {"no", -1, "`x` must be true or false; found the text 'no'; write false"},
    {"0", -1, "`x` must be true or false; found the number 0; write false"},
    {"'true'", -1, "`x` must be true or false; found the text 'true' in quotes; leave them out"},
    {"maybe", -1, "`x` must be true or false; found the text 'maybe'"},
    {"[]", -1, "`x` must be true or false; found a list"},
};

Test(document, reads_truth_values) {
    for (size_t i = 0; i < sizeof bools / sizeof *bools; i++) {
        const yg_value *value;
        yg_document *document = scalar(bools[i].text, &value);
        yg_error error = {0};
        bool result = false;
        const bool good = yg_value_bool(value, "`x`", &result, &error);
        cr_expect_eq(good, bools[i].value >= 0, "%s", bools[i].text);
        if (good)
            cr_expect_eq(result, bools[i].value == 1, "%s", bools[i].text);
        else
            cr_expect_str_eq(error.message, bools[i].message);
        yg_document_free(document);
    }
}

static const struct {
    const char *text;
    int index;
    const char *message;
} choices[] = {
    {"sgd", 0, NULL},
    {"'adamw'", 2, NULL},
    {"adma", -1,
     "`x` must be one of sgd, adam, adamw; found the text 'adma'; did you mean 'adam'?"},
    {"SGD", -1, "`x` must be one of sgd, adam, adamw; found the text 'SGD'; did you mean 'sgd'?"},
    {"newton", -1, "`x` must be one of sgd, adam, adamw; found the text 'newton'"},
    {"{type: sgd}", -1, "`x` must be one of sgd, adam, adamw; found a mapping"},
};

Test(document, reads_choices) {
    static const char *const names[] = {"sgd", "adam", "adamw", NULL};
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const yg_value *value;
        yg_document *document = scalar(choices[i].text, &value);
        yg_error error = {0};
        int index = -1;
        const bool good = yg_value_choice(value, "`x`", names, &index, &error);
        cr_expect_eq(good, choices[i].index >= 0, "%s", choices[i].text);
        cr_expect_eq(index, choices[i].index, "%s", choices[i].text);
        if (!good)
            cr_expect_str_eq(error.message, choices[i].message);
        yg_document_free(document);
    }
}

static const struct {
    const char *text;
    const char *message; /* with its place; NULL: accepted */
} key_rows[] = {
    {"{lr: 1}", NULL},
    {"{lr: 1, momentum: 2}", NULL},
    {"{lr: 1, momentun: 2}", "a:1:12: `x` has no key 'momentun'; did you mean 'momentum'?"},
    {"{lr: 1, banana: 2}", "a:1:12: `x` has no key 'banana'; known: lr, momentum"},
    {"{learning_rate: 1}", "a:1:5: `x` has no key 'learning_rate'; write lr"},
    {"{momentum: 1}", "a:1:4: `x` needs the key 'lr'"},
    {"lr:1", "a:1:4: `x` must be a mapping of 'name: value' entries; found the text 'lr:1'; a key "
             "needs a space after its ':'"},
    {"[lr]", "a:1:4: `x` must be a mapping of 'name: value' entries; found a list"},
};

Test(document, checks_keys) {
    static const yg_key keys[] = {{"lr", true, NULL, NULL},
                                  {"momentum", false, NULL, NULL},
                                  {"learning_rate", false, "write lr", NULL}};
    for (size_t i = 0; i < sizeof key_rows / sizeof *key_rows; i++) {
        const yg_value *value;
        yg_document *document = scalar(key_rows[i].text, &value);
        yg_error error = {0};
        const bool good = yg_value_check_keys(value, "`x`", keys, 3, &error);
        cr_expect_eq(good, key_rows[i].message == NULL, "%s", key_rows[i].text);
        if (!good) {
            char text[1600];
            yg_error_text(&error, text, sizeof text);
            cr_expect_str_eq(text, key_rows[i].message);
        }
        yg_document_free(document);
    }
}
