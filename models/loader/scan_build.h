/*
 * Building a scan: a loop (graph/loop.h) whose body is built statement by statement between
 * yg_scan_open() and yg_scan_close(), in the builder `inner`.
 */
#ifndef YG_MODELS_LOADER_SCAN_BUILD_H
#define YG_MODELS_LOADER_SCAN_BUILD_H

#include "builder.h"

/* A scan while it is being built. */
typedef struct yg_scan_building {
    yg_builder inner; /* its graph is the body */
    const yg_flat_scan *scan;
    yg_origin origin;
    int64_t steps;
    yg_node goes_on; /* of the body, bool [B]; YG_NONE: all examples do */
    yg_node cut;     /* of the body, bool: carries have no cotangent here; YG_NONE: nowhere */
    yg_node *starts, *carries; /* by carry: a node around the body; an input of the body */
    size_t carry_count;
} yg_scan_building;

/* Begins the body. False on failure. Whatever it returns, yg_scan_drop() must follow. */
bool yg_scan_open(yg_builder *builder, const yg_flat_scan *scan, yg_origin origin,
                  yg_scan_building *building);
/* Begins a carry that the scan has been given since: the one behind those that have begun. */
bool yg_scan_add_carry(yg_scan_building *building);
/* Ends it: adds the loop, and gives its results their names. False on failure. */
bool yg_scan_close(yg_scan_building *building, const char *const *names, size_t name_count);
/* Frees what a scan that could not be finished has left. */
void yg_scan_drop(yg_scan_building *building);

#endif
