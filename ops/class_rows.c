/*
 * Rows of predictions and targets, for references: see class_rows.h.
 */
#include "class_rows.h"

double yg_class_row_score(yg_class_row *row, int64_t class_index) {
    row->at[row->last] = class_index;
    return yg_at(row->reference, 0, row->at);
}

double yg_class_row_truth(yg_class_row *row, int64_t class_index) {
    if (row->label >= 0)
        return row->label == class_index;
    row->at[row->last] = class_index;
    return yg_at(row->reference, 1, row->at);
}

double yg_class_rows_mean(const yg_reference *r, int64_t ignore_index, int64_t which,
                          double (*value)(yg_class_row *row)) {
    yg_type rows = r->call->operands[0];
    const bool indices = rows.rank > r->call->operands[1].rank;
    const bool single = !indices && rows.rank < 2;
    yg_class_row row = {.reference = r,
                        .which = which,
                        .last = single ? rows.rank : rows.rank - 1,
                        .classes = single ? 1 : rows.shape[rows.rank - 1]};
    double sum = 0, weights = 0;
    int64_t strides[YG_MAX_RANK];
    rows.rank = row.last;
    yg_type_strides(&rows, strides);
    for (int64_t i = 0; i < yg_type_count(&rows); i++) {
        for (int d = 0; d < row.last; d++)
            row.at[d] = i / strides[d] % rows.shape[d];
        row.label = indices ? (int64_t)yg_at(r, 1, row.at) : -1;
        const double weight = r->call->operand_count > 2 ? yg_at(r, 2, row.at) : 1;
        if (indices && row.label == ignore_index)
            continue;
        sum += weight * value(&row);
        weights += weight;
    }
    return sum / weights;
}
