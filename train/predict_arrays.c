/*
 * Predictions as arrays: see predict.h.
 *
 * The number of rows stands in the head of each array, and is known after the last row only. So the
 * rows of each output wait in a spool, a file without a name. At the end the spools are copied
 * behind their heads.
 */
#include "../data/array_path.h"
#include "../data/npy.h"
#include "../data/safetensors_stream.h"
#include "../data/zip.h"
#include "../graph/file.h"
#include "prediction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool begin(yg_prediction *p, const yg_executable *executable, yg_error *error) {
    const size_t count = executable->output_count;
    if (yg_array_format_of(p->out_path) == YG_ARRAY_IDX)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){p->out_path, 0, 0},
                       "IDX files are only read; write a .npy, .npz or .safetensors file");
    if (yg_array_format_of(p->out_path) == YG_ARRAY_NPY && count != 1)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){p->out_path, 0, 0},
                       "a .npy file holds one array, but the model has %zu outputs%s%s%s; write a "
                       ".npz or .safetensors file",
                       count, count ? ", '" : "", count ? executable->outputs[0].name : "",
                       count ? "' the first" : "");
    p->spools = calloc(count + 1, sizeof *p->spools);
    p->results = calloc(count + 1, sizeof *p->results);
    if (!p->spools || !p->results)
        return yg_fail_memory(error);
    for (size_t o = 0; o < count; o++) {
        p->results[o].name = strdup(executable->outputs[o].name);
        p->results[o].type = executable->outputs[o].type;
        if (!p->results[o].name)
            return yg_fail_memory(error);
        if (!(p->spools[o] = yg_file_spool(p->out_path, error)))
            return false;
        p->spool_count++;
    }
    return true;
}

static bool write_failed(const yg_prediction *p, yg_error *error) {
    return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write '%s': %s", p->out_path,
                   errno ? strerror(errno) : "output failed");
}

/* Writes elements of an output, from number `first` on, in units where it has some. */
static bool write_elements(const yg_prediction *p, const yg_executable *executable, size_t o,
                           int64_t first, int64_t count) {
    const yg_result *output = &executable->outputs[o];
    const yg_dtype dtype = output->type.dtype;
    const size_t size = yg_dtype_size(dtype);
    const int64_t width = yg_answer_width(&p->outputs, executable, o);
    bool good = true;
    if (!count)
        return true;
    if (p->outputs.units[o] == SIZE_MAX)
        return fwrite((const char *)output->data + (size_t)first * size, size, (size_t)count,
                      p->spools[o]) == (size_t)count;
    for (int64_t i = 0; good && i < count; i++) {
        double element; /* of either floating-point type */
        const double value = yg_element_get(dtype, output->data, first + i);
        yg_element_set(dtype, &element, 0, yg_answer_in_units(&p->outputs, o, i % width, value));
        good = fwrite(&element, size, 1, p->spools[o]) == 1;
    }
    return good;
}

static bool write_batch(yg_prediction *p, const yg_executable *executable, yg_error *error) {
    for (size_t o = 0; o < executable->output_count; o++) {
        const int64_t width = yg_answer_width(&p->outputs, executable, o);
        errno = 0;
        bool good =
            p->outputs.steps[o] || write_elements(p, executable, o, 0, executable->batch * width);
        for (int64_t e = 0; good && p->outputs.steps[o] && e < executable->batch; e++)
            good =
                write_elements(p, executable, o, yg_answer_first(&p->outputs, executable, o, e, 0),
                               p->lengths[e] * width);
        if (!good)
            return write_failed(p, error);
    }
    return true;
}

/* -------------------------------------------------------------------------------- the end ---- */

/* The head of array `o`, in NumPy's format. */
static bool make_header(const yg_prediction *p, size_t o, yg_file_part *part, yg_error *error) {
    part->data = yg_npy_header(&p->results[o].type, &part->size);
    return part->data || yg_fail_memory(error);
}

static bool write_npy(const yg_prediction *p, yg_error *error) {
    yg_file_part parts[2] = {{0}, {.spool = p->spools[0]}};
    const bool good =
        make_header(p, 0, &parts[0], error) && yg_file_write_parts(p->out_path, parts, 2, error);
    free((void *)(uintptr_t)parts[0].data);
    return good;
}

/* The checksum of a header and all of a spool. */
static bool sum_spool(const yg_file_part *header, FILE *spool, uint32_t *sum) {
    char piece[1 << 14];
    *sum = yg_checksum(0, header->data, header->size);
    if (fseek(spool, 0, SEEK_SET) != 0)
        return false;
    for (size_t got = 1; got > 0;) {
        got = fread(piece, 1, sizeof piece, spool);
        *sum = yg_checksum(*sum, piece, got);
    }
    return !ferror(spool);
}

/* Fills an entry of the archive, and its three parts: its head, the array's header, the spool. */
static bool make_entry(const yg_prediction *p, size_t o, int64_t offset, yg_zip_entry *entry,
                       yg_file_part *parts, yg_error *error) {
    const size_t room = strlen(p->results[o].name) + sizeof ".npy";
    if (!make_header(p, o, &parts[1], error))
        return false;
    *entry = (yg_zip_entry){
        .name = malloc(room),
        .offset = offset,
        .size = (int64_t)parts[1].size + yg_type_bytes(&p->results[o].type),
    };
    if (!entry->name)
        return yg_fail_memory(error);
    snprintf(entry->name, room, "%s.npy", p->results[o].name);
    parts[2].spool = p->spools[o];
    if (!sum_spool(&parts[1], p->spools[o], &entry->checksum))
        return write_failed(p, error);
    parts[0].data = yg_zip_head(entry, &parts[0].size);
    return parts[0].data || yg_fail_memory(error);
}

static bool write_npz(const yg_prediction *p, yg_error *error) {
    const size_t count = p->spool_count, part_count = 3 * count + 1;
    yg_file_part *parts = calloc(part_count, sizeof *parts);
    yg_zip zip = {.entries = calloc(count + 1, sizeof *zip.entries)};
    bool good = (parts && zip.entries) || yg_fail_memory(error);
    int64_t at = 0;
    for (size_t o = 0; good && o < count; o++) {
        zip.count++;
        good = make_entry(p, o, at, &zip.entries[o], &parts[3 * o], error);
        at += (int64_t)parts[3 * o].size + zip.entries[o].size;
    }
    if (good) {
        parts[3 * count].data = yg_zip_directory(&zip, at, &parts[3 * count].size);
        good = parts[3 * count].data || yg_fail_memory(error);
    }
    good = good && yg_file_write_parts(p->out_path, parts, part_count, error);
    for (size_t i = 0; parts && i < part_count; i++)
        free((void *)(uintptr_t)parts[i].data);
    free(parts);
    yg_zip_free(&zip);
    return good;
}

static bool end(yg_prediction *p, yg_error *error) {
    for (size_t o = 0; o < p->spool_count; o++) {
        yg_type *type = &p->results[o].type;
        /* The steps of all sequences follow each other. */
        const bool steps = p->outputs.steps[o];
        int64_t shape[YG_MAX_RANK];
        memcpy(shape, type->shape + steps, sizeof shape - steps * sizeof *shape);
        shape[0] = steps ? p->steps : p->rows;
        if (!yg_type_make(type->dtype, type->rank - steps, shape, type, error))
            return false;
        if (fflush(p->spools[o]) != 0)
            return write_failed(p, error);
    }
    switch (yg_array_format_of(p->out_path)) {
    case YG_ARRAY_NPY:
        return write_npy(p, error);
    case YG_ARRAY_NPZ:
        return write_npz(p, error);
    default:
        return yg_safetensors_write_spools(p->out_path, p->results, p->spools, p->spool_count,
                                           error);
    }
}

static void free_spools(yg_prediction *p) {
    for (size_t o = 0; o < p->spool_count; o++)
        fclose(p->spools[o]);
    /* A name may be there without a spool. */
    for (size_t o = 0; p->results && o <= p->spool_count; o++)
        free(p->results[o].name);
    free(p->spools);
    free(p->results);
}

const yg_answer_format yg_answers_array = {
    .begin = begin,
    .write = write_batch,
    .end = end,
    .free = free_spools,
};
