/*
 * Keys that have to do with a word: see key_search.h.
 */
#include "key_search.h"

#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 24 };

/* How near a key is to a word; 0 is nearest. */
enum { NAME, NAME_BEGINS, NAME_HAS, DOC_HAS, NOT_NEAR };

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether a text has the word as a word of its own: "lr" is not in "already". */
static bool has_word(const char *text, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[length]))
            return true;
    return false;
}

static int nearness(const yg_setting *setting, const char *word) {
    const char *name = setting->name, *found = strstr(name, word);
    if (setting->hint)
        return NOT_NEAR;
    if (strcmp(name, word) == 0)
        return NAME;
    if (found)
        return found == name ? NAME_BEGINS : NAME_HAS;
    return has_word(setting->doc, word) ? DOC_HAS : NOT_NEAR;
}

static void add_row(table *table, const yg_setting_group *group, const yg_setting *setting) {
    char text[300];
    table_add(table, group->kind ? "%s.%s.%s" : "%s.%.0s%s", group->path,
              group->kind ? group->kind : "", setting->name);
    table_add(table, "%s", key_value_text(setting, text, sizeof text));
    table_add(table, "%s", key_default_text(setting));
    table_add(table, "%s", setting->doc);
}

size_t key_search(const key_list *list, const char *word, key_found *found, size_t room) {
    size_t count = 0;
    for (int near = NAME; near < NOT_NEAR; near++)
        for (size_t g = 0; g < list->count; g++)
            for (size_t i = 0; i < list->groups[g].count; i++)
                if (nearness(&list->groups[g].settings[i], word) == near) {
                    if (count < room)
                        found[count] = (key_found){&list->groups[g], &list->groups[g].settings[i]};
                    count++;
                }
    return count;
}

bool key_search_print(const key_list *list, const char *word) {
    static const char *const headers[] = {"key", "value", "default", "what"};
    table table = {.columns = 4, .headers = headers, .align = "llll"};
    key_found found[SHOWN];
    const size_t count = key_search(list, word, found, SHOWN);
    if (!count)
        return false;
    for (size_t i = 0; i < count && i < SHOWN; i++)
        add_row(&table, found[i].group, found[i].setting);
    terminal_print(stdout, "keys that have to do with '%s', the nearest first:\n", word);
    table_print(&table, stdout, 2);
    if (count > SHOWN)
        terminal_print(stdout, "  … and %zu more\n", count - SHOWN);
    return true;
}
