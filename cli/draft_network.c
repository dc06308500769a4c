/*
 * Writes the network of a draft: see draft_write.h.
 */
#include "draft_write.h"

#include <inttypes.h>
#include <stdio.h>

/* ------------------------------------------------------------------------------ the ports ---- */

/* An input for each column of sentences, and `x` for all others. */
static void add_text_ports(yg_text *text, const draft *draft) {
    int number = 0;
    yg_text_add(text, "inputs:\n");
    if (draft->width)
        yg_text_add(text, "  x: [B, %" PRId64 "]  # so many elements the columns give\n",
                    draft->width);
    for (size_t i = 0; i < draft->summary->count; i++)
        if (draft->columns[i].kind == DRAFT_TEXT)
            yg_text_add(text, "  words%d: {shape: [B, %" PRId64 "], dtype: i32}\n", ++number,
                        draft->columns[i].length);
}

/* The vectors of a text's words are added up, whatever their order. Returns the node that has all
 * inputs beside each other. */
static const char *add_texts(yg_text *text, const draft *draft, char *name, size_t size) {
    const int count = (int)draft->text_count;
    for (int i = 1; i <= count; i++)
        yg_text_add(text,
                    "  vectors%d: {type: embedding, input: words%d, num_embeddings: vocabulary, "
                    "embedding_dim: 16, padding_idx: 0, init: {type: normal, std: 0.03}}\n"
                    "  bag%d: sum(vectors%d, dim=1)\n",
                    i, i, i, i);
    snprintf(name, size, "bag1");
    if (count == 1 && !draft->width)
        return name;
    yg_text_add(text, "  all: concat([%s", draft->width ? "x, " : "");
    for (int i = 1; i <= count; i++)
        yg_text_add(text, "%sbag%d", i > 1 ? ", " : "", i);
    yg_text_add(text, "], dim=1)\n");
    snprintf(name, size, "all");
    return name;
}

/* A single target that is a number stands in the line of the key. */
static void add_target_ports(yg_text *text, const draft *draft) {
    if (draft->head_count == 1 && draft->heads[0].task == DRAFT_REGRESSION) {
        yg_text_add(text, "targets: {%s: [B]}\n", draft->heads[0].port);
        return;
    }
    yg_text_add(text, "targets:\n");
    for (size_t h = 0; h < draft->head_count; h++) {
        const draft_head *head = &draft->heads[h];
        if (head->task == DRAFT_REGRESSION)
            yg_text_add(text, "  %s: [B]\n", head->port);
        else if (head->task == DRAFT_LABELS)
            yg_text_add(text, "  %s: [B, %zu]\n", head->port, head->count);
        else {
            yg_text_add(text, "  %s: {shape: [B], dtype: i32, classes: [", head->port);
            draft_add_values(text, &draft->columns[draft->targets[head->first]]);
            yg_text_add(text, "]}\n");
        }
    }
}

static void add_ports(yg_text *text, const draft *draft) {
    yg_text_add(text, "vars: {hidden: %" PRId64 ", drop_rate: %g", draft->hidden, draft->dropout);
    if (draft->text_count)
        yg_text_add(text, ", vocabulary: %" PRId64, draft->vocabulary);
    yg_text_add(text, "}\n");
    const draft_pictures *pictures = &draft->pictures;
    if (pictures->channels)
        yg_text_add(text, "inputs: {image: [B, %s%" PRId64 ", %" PRId64 "]}\n",
                    pictures->channels == 3 ? "3, " : "", pictures->height, pictures->width);
    else if (draft->text_count)
        add_text_ports(text, draft);
    else
        yg_text_add(text, "inputs: {x: [B, %" PRId64 "]}  # so many elements the columns give\n",
                    draft->width);
    add_target_ports(text, draft);
}

/* ------------------------------------------------------------------------------ the graph ---- */

/* Convolutions up to a row of numbers for each picture, `kept`. */
static void add_convolutions(yg_text *text, const draft *draft) {
    char from[20] = "image";
    if (draft->pictures.channels == 1) {
        yg_text_add(text, "  p0: unsqueeze(image, 1)\n");
        snprintf(from, sizeof from, "p0");
    }
    for (int i = 1; i <= draft->layers; i++) {
        yg_text_add(text,
                    "  c%d: {type: conv2d, input: %s, out_channels: %d, kernel_size: 3, padding: "
                    "1, activation: relu}\n"
                    "  p%d: {type: max_pool2d, kernel_size: 2}\n",
                    i, from, 8 << i, i);
        snprintf(from, sizeof from, "p%d", i);
    }
    yg_text_add(text,
                "  h: {type: linear, input: \"flatten(%s, 1)\", out_features: hidden, activation: "
                "relu}\n  kept: dropout(h, drop_rate)\n",
                from);
}

/* The layers that all heads share. Writes the name of the last one. */
static void add_shared(yg_text *text, const draft *draft, char *last, size_t size) {
    char first[20];
    snprintf(last, size, "x");
    if (draft->pictures.channels) {
        add_convolutions(text, draft);
        snprintf(last, size, "kept");
    } else if (draft->text_count)
        snprintf(last, size, "%s", add_texts(text, draft, first, sizeof first));
    for (int i = 1; i <= draft->layers && !draft->pictures.channels; i++) {
        yg_text_add(text,
                    "  h%d: {type: linear, input: %s, out_features: hidden, activation: relu}\n"
                    "  kept%d: dropout(h%d, drop_rate)\n",
                    i, last, i, i);
        snprintf(last, size, "kept%d", i);
    }
}

/* What follows names such as `logits`: nothing where there is one head, else "_" and its port. */
static void suffix_of(const draft *draft, const draft_head *head, char *suffix, size_t size) {
    const bool single = draft->head_count == 1;
    snprintf(suffix, size, "%s%s", single ? "" : "_", single ? "" : head->port);
}

static void add_head_layer(yg_text *text, const draft *draft, const draft_head *head,
                           const char *suffix, const char *last) {
    const size_t width = head->task == DRAFT_REGRESSION ? 1
                         : head->task == DRAFT_LABELS
                             ? head->count
                             : draft->columns[draft->targets[head->first]].value_count;
    yg_text_add(text, "  logits%s: {type: linear, input: %s, out_features: %zu}\n", suffix, last,
                width);
    if (head->task == DRAFT_REGRESSION)
        yg_text_add(text, "  estimate%s: squeeze(logits%s, dim=-1)\n", suffix, suffix);
}

static void add_output(yg_text *text, const draft_head *head, const char *suffix) {
    if (head->task == DRAFT_REGRESSION)
        yg_text_add(text, "  %s: {value: estimate%s, units: %s}\n", head->port, suffix, head->port);
    else if (head->task == DRAFT_LABELS)
        yg_text_add(text, "  %s: {value: sigmoid(logits%s), units: %s}\n", head->port, suffix,
                    head->port);
    else if (!*suffix)
        yg_text_add(text, "  probability: softmax(logits, dim=-1)\n");
    else
        yg_text_add(text, "  probability%s: {value: \"softmax(logits%s, dim=-1)\", classes: %s}\n",
                    suffix, suffix, head->port);
}

static void add_loss(yg_text *text, const draft_head *head, const char *suffix) {
    static const char *const losses[] = {[DRAFT_CLASSIFICATION] = "cross_entropy(logits",
                                         [DRAFT_REGRESSION] = "mse(estimate",
                                         [DRAFT_LABELS] = "bce_with_logits(logits"};
    yg_text_add(text, "%s%s, %s)", losses[head->task], suffix, head->port);
}

static void add_metric(yg_text *text, const draft_head *head, const char *suffix) {
    if (head->task == DRAFT_REGRESSION)
        yg_text_add(text, "  mean_absolute_error%s: l1(estimate%s, %s)\n", suffix, suffix,
                    head->port);
    else if (head->task == DRAFT_LABELS)
        yg_text_add(text, "  accuracy%s: binary_accuracy(logits%s, %s, threshold=0)\n", suffix,
                    suffix, head->port);
    else
        yg_text_add(text, "  accuracy%s: accuracy(logits%s, %s)\n", suffix, suffix, head->port);
}

/* Numbers are learnt and scored in standard deviations. */
static const char *remark_of(const draft *draft) {
    bool numbers = false, logarithmic = false;
    for (size_t h = 0; h < draft->head_count; h++) {
        const draft_head *head = &draft->heads[h];
        numbers = numbers || head->task == DRAFT_REGRESSION;
        logarithmic = logarithmic || draft->columns[draft->targets[head->first]].logarithmic;
    }
    if (!numbers)
        return "";
    if (draft->head_count > 1)
        return "  # of numbers in standard deviations, as the metrics";
    return logarithmic ? "  # in standard deviations of the logarithm, as the metric"
                       : "  # in standard deviations, as the metric";
}

void draft_add_network(yg_text *text, const draft *draft) {
    char last[20], suffix[80];
    add_ports(text, draft);
    yg_text_add(text, "graph:\n");
    add_shared(text, draft, last, sizeof last);
    for (size_t h = 0; h < draft->head_count; h++) {
        suffix_of(draft, &draft->heads[h], suffix, sizeof suffix);
        add_head_layer(text, draft, &draft->heads[h], suffix, last);
    }
    yg_text_add(text, "outputs:\n");
    for (size_t h = 0; h < draft->head_count; h++) {
        suffix_of(draft, &draft->heads[h], suffix, sizeof suffix);
        add_output(text, &draft->heads[h], suffix);
    }
    yg_text_add(text, "loss: ");
    for (size_t h = 0; h < draft->head_count; h++) {
        suffix_of(draft, &draft->heads[h], suffix, sizeof suffix);
        yg_text_add(text, h ? " + " : "");
        add_loss(text, &draft->heads[h], suffix);
    }
    yg_text_add(text, "%s\nmetrics:\n", remark_of(draft));
    for (size_t h = 0; h < draft->head_count; h++) {
        suffix_of(draft, &draft->heads[h], suffix, sizeof suffix);
        add_metric(text, &draft->heads[h], suffix);
    }
}
