/*
 * Translates libyaml's messages. Ours say what was found, what was expected and what to write.
 */
#include "source.h"

#include <stdio.h>
#include <string.h>

enum { KEY_CAP = 1024 }; /* libyaml's, in bytes */

typedef enum place {
    AT_PROBLEM, /* where libyaml stopped */
    AT_CONTEXT, /* where the list, mapping or text began that it could not finish */
} place;

/* A row of the table of messages: "found <text at the place>: <advice>". */
typedef struct row {
    const char *problem; /* libyaml's text; NULL: any */
    const char *context; /* how libyaml's context begins; NULL: any */
    place place;
    const char *advice;
} row;

static const char lacks_space[] = "a key needs a space after its ':', as in 'name: value'";

static const char key_long[] = "YAML reads a key only up to 1024 characters, and on one line; "
                               "begin a longer one with '? ', and "
                               "its value with ': ' on the next line";

static const char value_ended[] = "the value ended before it; put the whole text in quotes";

static const row rows[] = {
    {"could not find expected ':'", NULL, AT_CONTEXT,
     "expected 'name: value', a colon and a space after the name"},
    {"did not find expected '-' indicator", NULL, AT_PROBLEM,
     "expected '- ' in the column of the list above it, or a key further left"},
    {"found unexpected end of stream", NULL, AT_CONTEXT,
     "the quote that begins here is not closed"},
    {"found unexpected document indicator", NULL, AT_CONTEXT,
     "the quote that begins here is not closed"},
    {"found unknown escape character", NULL, AT_PROBLEM,
     "in double quotes a '\\' begins an escape such as \\n; write '\\\\', or use single quotes"},
    {"did not find expected hexdecimal number", NULL, AT_PROBLEM,
     "\\x, \\u and \\U take 2, 4 and 8 hexadecimal digits"},
    {"found invalid Unicode character escape code", NULL, AT_PROBLEM,
     "no character has that number"},
    {NULL, "while scanning an alias", AT_CONTEXT,
     "a value that begins with '*' names an anchor, as in '*name'; put other text in quotes"},
    {NULL, "while scanning an anchor", AT_CONTEXT,
     "a value that begins with '&' declares an anchor, as in '&name value'; put other text in "
     "quotes"},
    {NULL, "while scanning a block scalar", AT_PROBLEM,
     "after '|' or '>' expected the end of the line, then the text, indented by spaces"},
    {NULL, "while scanning a tag", AT_CONTEXT,
     "tags ('!...') are not part of the format; put a text that begins with '!' in quotes"},
    {NULL, "while parsing a tag", AT_CONTEXT,
     "tags ('!...') are not part of the format; put a text that begins with '!' in quotes"},
    {"found undefined tag handle", NULL, AT_PROBLEM,
     "tags ('!...') are not part of the format; put a text that begins with '!' in quotes"},
    {NULL, "while scanning a directive", AT_CONTEXT,
     "a line that begins with '%' is a directive, which is not part of the format; remove it"},
    {NULL, "while scanning a %", AT_CONTEXT,
     "directives ('%YAML', '%TAG') are not part of the format; remove the line"},
    {NULL, "while parsing a %", AT_CONTEXT,
     "directives ('%YAML', '%TAG') are not part of the format; remove the line"},
    {"found incompatible YAML document", NULL, AT_PROBLEM,
     "directives ('%YAML', '%TAG') are not part of the format; remove the line"},
    {"found duplicate %YAML directive", NULL, AT_PROBLEM,
     "directives ('%YAML', '%TAG') are not part of the format; remove the line"},
    {"found duplicate %TAG directive", NULL, AT_PROBLEM,
     "directives ('%YAML', '%TAG') are not part of the format; remove the line"},
    {"block sequence entries are not allowed in this context", NULL, AT_PROBLEM,
     "a list of '- ' items begins on a line of its own; on this line write [a, b]"},
    {"mapping keys are not allowed in this context", NULL, AT_PROBLEM,
     "'? ' does not begin a key here; write 'name: value'"},
    {"found unexpected ':'", NULL, AT_PROBLEM,
     "within { } and [ ], a text with ':' must be in quotes, and a key needs a space after its "
     "':'"},
    {"did not find expected node content", NULL, AT_PROBLEM, "a value is missing before it"},
    {"did not find expected <document start>", NULL, AT_PROBLEM,
     "the content of the file ended before it; remove it, or the '...' or bracket above"},
};

/* Whether a ':' that could end a key comes too late in the line that the key begins. */
static bool is_long(const yg_source *source, yg_origin key) {
    const char *at = yg_source_at(source, key);
    const size_t line = strcspn(at, "\r\n");
    for (size_t i = KEY_CAP; i < line; i++)
        if (at[i] == ':' && strchr(" \t\r\n", at[i + 1]))
            return true;
    return false;
}

static bool fail_found(const yg_source *source, yg_origin at, const char *advice, yg_error *error) {
    char found[YG_EXCERPT];
    return yg_fail(error, YG_ERROR_SYNTAX, at, "found %s: %s", yg_source_excerpt(source, at, found),
                   advice);
}

/* A tab in the indentation of a line, or at the place itself. */
static bool find_tab(const yg_source *source, yg_origin *at) {
    if (*yg_source_at(source, *at) == '\t')
        return true;
    const char *line = yg_source_line(source, at->line);
    const size_t blanks = strspn(line, " \t");
    const char *tab = memchr(line, '\t', blanks);
    if (!tab)
        return false;
    at->column = (int32_t)(tab - line) + 1;
    return true;
}

/* Reports a bracket that is not closed, or closed by one of another kind. */
static bool report_bracket(const yg_source *source, yg_origin open, yg_origin stop,
                           yg_error *error) {
    const char bracket = *yg_source_at(source, open);
    const char closing = bracket == '{' ? '}' : ']';
    const char *at = yg_source_at(source, stop);
    if (*at == '\0')
        return yg_fail(error, YG_ERROR_SYNTAX, open,
                       "this '%c' is not closed; expected '%c' before the end of the file", bracket,
                       closing);
    if (stop.line != open.line)
        return yg_fail(error, YG_ERROR_SYNTAX, open,
                       "this '%c' is not closed; expected ',' or '%c' before line %d, column %d",
                       bracket, closing, (int)stop.line, (int)stop.column);
    if (*at == ']' || *at == '}')
        return yg_fail(error, YG_ERROR_SYNTAX, stop,
                       "found '%c'; the '%c' in column %d is to be closed by '%c' first", *at,
                       bracket, (int)open.column, closing);
    if (*at == '[' || *at == '{')
        return yg_fail(error, YG_ERROR_SYNTAX, stop,
                       "found '%c' within a value; within { } and [ ], a text with brackets or "
                       "commas must be in quotes",
                       *at);
    char found[YG_EXCERPT];
    return yg_fail(error, YG_ERROR_SYNTAX, stop,
                   "found %s; expected ',' or '%c' after a value of the '%c' in column %d",
                   yg_source_excerpt(source, stop, found), closing, bracket, (int)open.column);
}

/* Reports a ':' after a value that is already complete, on its line or the one above. */
static bool report_second_colon(const yg_source *source, yg_origin stop, yg_error *error) {
    const char *line = yg_source_line(source, stop.line);
    const char *at = yg_source_at(source, stop);
    for (const char *c = line; c < at; c++)
        if (*c == ':' && (c[1] == ' ' || c[1] == '\t'))
            return yg_fail(error, YG_ERROR_SYNTAX, stop,
                           "found a second ': ' on the line; put a text with ': ' in quotes, a "
                           "mapping in { }");
    const int32_t column = (int32_t)strspn(line, " ") + 1;
    const yg_origin above = {source->name, stop.line - 1, column};
    if (stop.line > 1 && yg_lacks_space(yg_source_at(source, above)))
        return fail_found(source, above, lacks_space, error);
    const yg_origin key = {source->name, stop.line, column};
    if (stop.column - column > KEY_CAP)
        return fail_found(source, key, key_long, error);
    return fail_found(source, key,
                      "a key is indented deeper than the line above, which has its value already; "
                      "the keys of a mapping begin in one column",
                      error);
}

/* Whether a value ends on the same line before `stop`: something other than a key, a bracket or the
 * '-' of a list comes before it. */
static bool follows_value(const yg_source *source, yg_origin stop) {
    const char *line = yg_source_line(source, stop.line);
    const char *at = yg_source_at(source, stop);
    while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return at > line && !strchr(":-,[{?", at[-1]);
}

/* Reports a text that is no key where a mapping expects one. */
static bool report_missing_key(const yg_source *source, yg_origin stop, yg_error *error) {
    const char *at = yg_source_at(source, stop);
    if (*at == ':')
        return yg_fail(error, YG_ERROR_SYNTAX, stop,
                       "a key is missing before ':'; expected 'name: value'");
    if (*at == ']' || *at == '}')
        return yg_fail(error, YG_ERROR_SYNTAX, stop, "found '%c', which closes no bracket", *at);
    return fail_found(source, stop,
                      follows_value(source, stop)
                          ? value_ended
                          : "expected a key, 'name: value', in the column of the keys above",
                      error);
}

/* Reports a character that no value can begin with. */
static bool report_character(const yg_source *source, yg_origin at, yg_error *error) {
    char found[YG_EXCERPT];
    return yg_fail(error, YG_ERROR_SYNTAX, at,
                   "found %s: a value cannot begin with '%c'; put a text in quotes",
                   yg_source_excerpt(source, at, found), *yg_source_at(source, at));
}

bool yg_report_yaml(const yaml_parser_t *parser, const yg_source *source, yg_origin open,
                    yg_error *error) {
    if (parser->error == YAML_MEMORY_ERROR)
        return yg_fail_memory(error);
    const char *problem = parser->problem ? parser->problem : "";
    const char *context = parser->context ? parser->context : "";
    yg_origin stop = yg_source_origin(source, parser->problem_mark);
    const yg_origin began = parser->context ? yg_source_origin(source, parser->context_mark) : stop;

    yg_origin tab = stop;
    if (open.line == 0 && find_tab(source, &tab))
        return yg_fail(error, YG_ERROR_SYNTAX, tab,
                       "found a tab; indent and separate with spaces, two for each level");
    if (strncmp(problem, "did not find expected ',' or", 28) == 0)
        return report_bracket(source, began, stop, error);
    if (open.line > 0 && *yg_source_at(source, stop) == '\0' &&
        strcmp(context, "while scanning a quoted scalar") != 0)
        return report_bracket(source, open, stop, error);
    if (strcmp(problem, "mapping values are not allowed in this context") == 0)
        return report_second_colon(source, stop, error);
    if (strcmp(problem, "did not find expected key") == 0)
        return report_missing_key(source, stop, error);
    if (strcmp(problem, "found character that cannot start any token") == 0 &&
        !follows_value(source, stop))
        return report_character(source, stop, error);
    if (strcmp(problem, "could not find expected ':'") == 0 && is_long(source, began))
        return fail_found(source, began, key_long, error);
    if (strcmp(problem, "could not find expected ':'") == 0 &&
        yg_lacks_space(yg_source_at(source, began)))
        return fail_found(source, began, lacks_space, error);
    if ((strcmp(problem, "found character that cannot start any token") == 0 ||
         strcmp(context, "while scanning an alias") == 0 ||
         strcmp(context, "while scanning an anchor") == 0) &&
        follows_value(source, began))
        return fail_found(source, began, value_ended, error);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *r = &rows[i];
        if (r->problem && strcmp(r->problem, problem) != 0)
            continue;
        if (r->context && strncmp(context, r->context, strlen(r->context)) != 0)
            continue;
        return fail_found(source, r->place == AT_PROBLEM ? stop : began, r->advice, error);
    }
    return fail_found(source, stop, "this is not YAML here; expected 'name: value', or a list",
                      error);
}
