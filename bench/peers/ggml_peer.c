/*
 * ggml (https://github.com/ggml-org/ggml), through its public headers: forward, its own backward
 * graph and its optimizer steps as one graph, built and placed once. With its BLAS backend where
 * that is linked in (YG_BENCH_GGML_BLAS), otherwise with its own products.
 */
#include "mlp.h"

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>
#ifdef YG_BENCH_GGML_BLAS
#include <ggml-blas.h>
#endif

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 1024, MAX_PARAMETERS = 2 * MAX_LAYERS, MAX_BACKENDS = 2 };

typedef struct job {
    mlp mlp;
    size_t backend_count;
    ggml_backend_t backends[MAX_BACKENDS]; /* the preferred first; the last is the processor's */
    ggml_backend_sched_t schedule;
    struct ggml_context *kept;    /* what lives from run to run */
    struct ggml_context *passing; /* everything else of the graph */
    ggml_backend_buffer_t buffer; /* of `kept` */
    struct ggml_cgraph *graph;
    struct ggml_tensor *x, *y, *loss;
    struct ggml_tensor *parameters[MAX_PARAMETERS]; /* weight and bias of each layer */
    struct ggml_tensor *update;                     /* what an optimizer step reads, or NULL */
    float lr;                                       /* of the run to come */
    int t;                                          /* and its number, from 1 */
} job;

/* ---------------------------------------------------------------------------------- building -- */

/* ggml differentiates softplus, but no sigmoid. */
static struct ggml_tensor *sigmoid(struct ggml_context *c, struct ggml_tensor *z) {
    return ggml_exp(c, ggml_neg(c, ggml_softplus(c, ggml_neg(c, z))));
}

/* The mean of softplus(z) - y z, which is the binary cross-entropy of sigmoid(z). */
static struct ggml_tensor *binary_cross_entropy(struct ggml_context *c, struct ggml_tensor *z,
                                                struct ggml_tensor *y) {
    struct ggml_tensor *each = ggml_sub(c, ggml_softplus(c, z), ggml_mul(c, z, y));
    return ggml_scale(c, ggml_sum(c, each), 1 / (float)ggml_nelements(z));
}

static void add_loss(job *job) {
    const mlp *mlp = &job->mlp;
    struct ggml_context *c = job->passing;
    struct ggml_tensor *h = job->x;
    for (size_t i = 0; i < mlp->layers; i++) {
        struct ggml_tensor **p = &job->parameters[2 * i];
        p[0] = ggml_new_tensor_2d(job->kept, GGML_TYPE_F32, mlp->widths[i], mlp->widths[i + 1]);
        p[1] = ggml_new_tensor_1d(job->kept, GGML_TYPE_F32, mlp->widths[i + 1]);
        ggml_set_param(p[0]);
        ggml_set_param(p[1]);
        h = ggml_add(c, ggml_mul_mat(c, p[0], h), p[1]);
        if (i + 1 < mlp->layers)
            h = mlp_is_notebook(mlp) ? sigmoid(c, h) : ggml_relu(c, h);
    }
    job->loss = mlp_is_notebook(mlp) ? binary_cross_entropy(c, h, job->y)
                                     : ggml_cross_entropy_loss(c, h, job->y);
    ggml_set_loss(job->loss);
    ggml_set_output(job->loss);
    ggml_build_forward_expand(job->graph, job->loss);
}

static void add_gradient(job *job) {
    struct ggml_tensor *accumulators[MAX_NODES] = {NULL};
    for (int i = 0; i < ggml_graph_n_nodes(job->graph); i++) {
        if (ggml_graph_node(job->graph, i) == job->loss) /* where reverse mode starts, with 1 */
            accumulators[i] = ggml_new_tensor_1d(job->kept, GGML_TYPE_F32, 1);
    }
    ggml_build_backward_expand(job->passing, job->graph, accumulators);
    for (size_t k = 0; k < 2 * job->mlp.layers; k++)
        ggml_set_output(ggml_graph_get_grad(job->graph, job->parameters[k]));
}

static void add_update(job *job) {
    const bool adam = strcmp(job->mlp.optimizer, "adam") == 0;
    job->update = ggml_new_tensor_1d(job->kept, GGML_TYPE_F32, adam ? 7 : 2);
    for (size_t k = 0; k < 2 * job->mlp.layers; k++) {
        struct ggml_tensor *p = job->parameters[k];
        struct ggml_tensor *gradient = ggml_graph_get_grad(job->graph, p);
        struct ggml_tensor *step;
        if (adam)
            step = ggml_opt_step_adamw(job->passing, p, gradient, ggml_dup_tensor(job->kept, p),
                                       ggml_dup_tensor(job->kept, p), job->update);
        else
            step = ggml_opt_step_sgd(job->passing, p, gradient, job->update);
        ggml_build_forward_expand(job->graph, step);
    }
}

/* A gradient on a batch of 2 is not worth waking a thread for. */
static bool start_backends(job *job, bool step, yg_error *error) {
    const int threads = step ? job->mlp.threads : 1;
#ifdef YG_BENCH_GGML_BLAS
    job->backends[job->backend_count++] = ggml_backend_blas_init();
    ggml_backend_blas_set_n_threads(job->backends[0], threads);
#endif
    ggml_backend_t cpu = ggml_backend_cpu_init();
    if (!cpu)
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "ggml has no processor backend");
    ggml_backend_cpu_set_n_threads(cpu, threads);
    job->backends[job->backend_count++] = cpu;
    return true;
}

static bool build(job *job, bool step, yg_error *error) {
    const mlp *mlp = &job->mlp;
    const struct ggml_init_params space = {.mem_size = MAX_NODES * ggml_tensor_overhead() +
                                                       ggml_graph_overhead_custom(MAX_NODES, true),
                                           .no_alloc = true};
    if (!start_backends(job, step, error))
        return false;
    job->kept = ggml_init(space);
    job->passing = ggml_init(space);
    job->graph = ggml_new_graph_custom(job->passing, MAX_NODES, true);
    job->x = ggml_new_tensor_2d(job->kept, GGML_TYPE_F32, mlp->widths[0], mlp->batch);
    job->y = ggml_new_tensor_2d(job->kept, GGML_TYPE_F32, mlp->widths[mlp->layers], mlp->batch);
    add_loss(job);
    add_gradient(job);
    if (step)
        add_update(job);
    job->buffer = ggml_backend_alloc_ctx_tensors(job->kept, job->backends[job->backend_count - 1]);
    job->schedule = ggml_backend_sched_new(job->backends, NULL, (int)job->backend_count, MAX_NODES,
                                           false, false);
    if (!job->buffer || !ggml_backend_sched_alloc_graph(job->schedule, job->graph))
        return yg_fail_memory(error);
    return true;
}

static bool fill(job *job, yg_error *error) {
    ggml_graph_reset(job->graph); /* the gradient that reverse mode starts with, the moments */
    ggml_backend_tensor_set(job->x, job->mlp.x, 0, ggml_nbytes(job->x));
    ggml_backend_tensor_set(job->y, job->mlp.y, 0, ggml_nbytes(job->y));
    for (size_t k = 0; k < 2 * job->mlp.layers; k++) {
        const size_t size = ggml_nbytes(job->parameters[k]);
        float *values = malloc(size);
        if (!values)
            return yg_fail_memory(error);
        mlp_fill_parameter(&job->mlp, k, values);
        ggml_backend_tensor_set(job->parameters[k], values, 0, size);
        free(values);
    }
    return true;
}

/* ----------------------------------------------------------------------------------- running -- */

static void set_update(job *job) {
    float *values = ggml_get_data_f32(job->update);
    if (ggml_nelements(job->update) == 2) { /* rate, weight decay */
        values[0] = job->lr;
        values[1] = 0;
        return;
    }
    const float beta1 = 0.9F, beta2 = 0.999F;
    const float settings[] = {job->lr,
                              beta1,
                              beta2,
                              1e-8F,
                              0,
                              1 / (1 - powf(beta1, (float)job->t)),
                              1 / (1 - powf(beta2, (float)job->t))};
    memcpy(values, settings, sizeof settings);
}

static bool run_once(void *context, yg_error *error) {
    job *job = context;
    if (job->update)
        set_update(job);
    job->t++;
    if (ggml_backend_sched_graph_compute(job->schedule, job->graph) != GGML_STATUS_SUCCESS)
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "ggml could not run the graph");
    return true;
}

static bool serve_job(job *job, yg_error *error) {
    double check[2];
    size_t count = 0;
    job->lr = job->mlp.lr;
    for (int i = 0; job->update && i < CHECKED_STEPS; i++) {
        if (!run_once(job, error))
            return false;
    }
    job->lr = 0;
    if (!run_once(job, error))
        return false;
    check[count++] = (double)*ggml_get_data_f32(job->loss);
    if (!job->update) {
        check[count] = 0;
        for (size_t k = 0; k < 2 * job->mlp.layers; k++) {
            const struct ggml_tensor *g = ggml_graph_get_grad(job->graph, job->parameters[k]);
            check[count] += squared_norm(ggml_get_data_f32(g), (size_t)ggml_nelements(g));
        }
        count++;
    }
    return serve(ggml_version(), check, count, 0.2, run_once, job, error);
}

static bool run(job *job, yg_error *error) {
    const char *kind = job->mlp.kind;
    const bool first = strcmp(kind, "first_gradient") == 0, step = strcmp(kind, "step") == 0;
    if (!step && !first && strcmp(kind, "gradient") != 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "ggml has no second derivatives");
    if (!build(job, step, error) || !fill(job, error))
        return false;
    if (!first)
        return serve_job(job, error);
    if (!run_once(job, error))
        return false;
    for (size_t k = 0; k < 2 * job->mlp.layers; k++) {
        const struct ggml_tensor *g = ggml_graph_get_grad(job->graph, job->parameters[k]);
        for (int64_t i = 0; i < ggml_nelements(g); i++)
            printf("%g\n", (double)ggml_get_data_f32(g)[i]);
    }
    return true;
}

static void end(job *job) {
    ggml_backend_sched_free(job->schedule);
    ggml_backend_buffer_free(job->buffer);
    ggml_free(job->passing);
    ggml_free(job->kept);
    for (size_t i = 0; i < job->backend_count; i++)
        ggml_backend_free(job->backends[i]);
    mlp_free(&job->mlp);
}

int main(int argc, char **argv) {
    job job = {.t = 1};
    yg_error error = {0};
    flush_denormals();
    const bool done = mlp_read(argc, argv, &job.mlp, &error) && run(&job, &error);
    const int status = done ? EXIT_SUCCESS : report_error(&error);
    end(&job);
    return status;
}
