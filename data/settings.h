/*
 * The keys of the `data:` section, for documents: the tables that read it.
 */
#ifndef YG_DATA_SETTINGS_H
#define YG_DATA_SETTINGS_H

#include "../models/loader/setting.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* The group of that number, from 0. False where there are no more. */
bool yg_data_settings(size_t index, yg_setting_group *group);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
