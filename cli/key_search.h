/*
 * Keys of `data:` and `train:` that have to do with a word, for `yamlgrad keys WORD`.
 */
#ifndef YG_CLI_KEY_SEARCH_H
#define YG_CLI_KEY_SEARCH_H

#include "key_list.h"

typedef struct key_found {
    const yg_setting_group *group;
    const yg_setting *setting;
} key_found;

/* The nearest `room` keys: those of that name first, then those whose name begins with it, has it,
 * and those whose description has it. Returns how many there are in all. */
size_t key_search(const key_list *list, const char *word, key_found *found, size_t room);
/* Prints them. False if there is none. */
bool key_search_print(const key_list *list, const char *word);

#endif
