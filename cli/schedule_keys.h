/*
 * The arguments of the built-in schedules as keys of `train.schedule`, from their YAML files.
 */
#ifndef YG_CLI_SCHEDULE_KEYS_H
#define YG_CLI_SCHEDULE_KEYS_H

#include "../graph/pool.h"
#include "../models/loader/setting.h"

/* Fills in a group for each schedule, of yg_schedule_count(). All is taken from the pool. False
 * when out of memory. */
bool schedule_keys(yg_pool *pool, yg_setting_group *groups);

#endif
