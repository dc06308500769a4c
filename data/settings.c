/*
 * The keys of the `data:` section: see settings.h.
 */
#include "settings.h"

#include "balance.h"
#include "column.h"
#include "sequences.h"
#include "series.h"

static const yg_setting kind_settings[] = {
    {"kind", .kind = YG_SETTING_VALUE, .form = "a kind of columns", .forms = YG_FORM_SCALAR,
     .fallback = "label where the input or target has classes and one column, otherwise number",
     .example = "category", .doc = "how cells become elements"},
};

static const yg_setting_group column_groups[] = {
    {"data.columns.NAME", "the options of a column; `NAME: category` is `NAME: {kind: category}`",
     kind_settings, sizeof kind_settings / sizeof *kind_settings, NULL},
    {"data.columns.NAME", NULL, yg_missing_settings, YG_MISSING_SETTINGS, NULL},
    {"data.columns.NAME", NULL, yg_scale_settings, YG_SCALE_SETTINGS, NULL},
};

static bool table_group(size_t index, yg_setting_group *group) {
    const yg_table_kind *const *kinds = yg_table_kinds();
    for (size_t i = 0; kinds[i]; i++)
        if (index-- == 0) {
            *group = (yg_setting_group){"data.part", kinds[i]->doc, kinds[i]->settings,
                                        kinds[i]->setting_count, kinds[i]->key};
            return true;
        }
    return false;
}

static bool column_group(size_t index, yg_setting_group *group) {
    const yg_column_kind *const *kinds = yg_column_kinds();
    for (size_t i = 0; kinds[i]; i++)
        if (index-- == 0) {
            *group = (yg_setting_group){"data.columns.NAME", kinds[i]->doc, kinds[i]->settings,
                                        kinds[i]->setting_count, kinds[i]->name};
            return true;
        }
    return false;
}

bool yg_data_settings(size_t index, yg_setting_group *group) {
    static const yg_setting_group *const first[] = {&yg_section_settings, &yg_part_settings};
    static const yg_setting_group *const then[] = {&yg_split_settings, &yg_series_settings,
                                                   &yg_sequencing_settings, &yg_balance_settings};
    enum { FIRST = 2, THEN = 4, COLUMNS = sizeof column_groups / sizeof *column_groups };
    size_t tables = 0;
    while (yg_table_kinds()[tables])
        tables++;
    if (index < FIRST)
        *group = *first[index];
    else if (index < FIRST + tables)
        return table_group(index - FIRST, group);
    else if (index < FIRST + tables + THEN)
        *group = *then[index - FIRST - tables];
    else if (index < FIRST + tables + THEN + COLUMNS)
        *group = column_groups[index - FIRST - tables - THEN];
    else
        return column_group(index - FIRST - tables - THEN - COLUMNS, group);
    return true;
}
