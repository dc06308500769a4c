/*
 * KANN (https://github.com/attractivechaos/kann), through its public headers: the layers, costs and
 * gradient are its own; a step of SGD is its saxpy over all parameters. Threads are OpenBLAS's
 * where KANN was built with it (YG_BENCH_KANN_BLAS), otherwise KANN's, which split a batch.
 */
#include "mlp.h"

#include <kann.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    mlp mlp;
    kann_t *net;
    int cost;   /* its node */
    bool step;  /* gradient and update; otherwise the gradient alone */
    float lr;   /* of the run to come */
    float loss; /* of the last run */
} job;

static bool build(job *job, yg_error *error) {
    const mlp *mlp = &job->mlp;
    kad_node_t *h = kann_layer_input(mlp->widths[0]);
    for (size_t i = 1; i < mlp->layers; i++) {
        h = kann_layer_dense(h, mlp->widths[i]);
        h = mlp_is_notebook(mlp) ? kad_sigm(h) : kad_relu(h);
    }
    h = kann_layer_cost(h, mlp->widths[mlp->layers],
                        mlp_is_notebook(mlp) ? KANN_C_CEB : KANN_C_CEM);
    job->net = kann_new(h, 0);
    if (!job->net)
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "KANN made no network");
    kann_set_batch_size(job->net, mlp->batch);
    if (getenv("MT"))
        kann_mt(job->net, mlp->threads, mlp->batch);
    if (kann_feed_bind(job->net, KANN_F_IN, 0, (float *[]){mlp->x}) != 1 ||
        kann_feed_bind(job->net, KANN_F_TRUTH, 0, (float *[]){mlp->y}) != 1)
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "KANN took no data");
#ifndef YG_BENCH_KANN_BLAS
    if (job->step) /* a batch of 2 is not worth waking a thread for */
        kann_mt(job->net, mlp->threads, mlp->batch);
#endif
    job->cost = kann_find(job->net, KANN_F_COST, 0);

    size_t k = 0;
    for (int i = 0; i < job->net->n; i++) {
        if (kad_is_var(job->net->v[i]))
            mlp_fill_parameter(mlp, k++, job->net->v[i]->x);
    }
    return true;
}

static bool run_once(void *context, yg_error *error) {
    job *job = context;
    kann_t *net = job->net;
    (void)error; /* KANN reports none */
    if (net->mt) {
        job->loss = kann_cost(net, 0, 1);
    } else { /* what kann_cost() does, without a search for the node */
        job->loss = *kad_eval_at(net->n, net->v, job->cost);
        kad_grad(net->n, net->v, job->cost);
    }
    if (job->step)
        kad_saxpy(kann_size_var(net), -job->lr, net->g, net->x);
    return true;
}

/* KANN's costs are Kullback-Leibler divergences; for targets of 0 and 1 that is cross-entropy. */
static bool serve_job(job *job, yg_error *error) {
    double check[2];
    size_t count = 0;
    job->lr = job->mlp.lr;
    for (int i = 0; job->step && i < CHECKED_STEPS; i++)
        run_once(job, error);
    job->lr = 0;
    run_once(job, error);
    check[count++] = (double)job->loss;
    if (!job->step)
        check[count++] = squared_norm(job->net->g, (size_t)kann_size_var(job->net));
    return serve(KANN_VERSION, check, count, 0.2, run_once, job, error);
}

static bool run(job *job, yg_error *error) {
    const mlp *mlp = &job->mlp;
    const bool first = strcmp(mlp->kind, "first_gradient") == 0;
    job->step = strcmp(mlp->kind, "step") == 0;
    if (!job->step && !first && strcmp(mlp->kind, "gradient") != 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "KANN has no second derivatives");
    if (job->step && strcmp(mlp->optimizer, "sgd") != 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "KANN has RMSprop, but no Adam");
    if (!build(job, error))
        return false;
    if (!first)
        return serve_job(job, error);
    run_once(job, error);
    for (int i = 0; i < kann_size_var(job->net); i++)
        printf("%g\n", (double)job->net->g[i]);
    return true;
}

int main(int argc, char **argv) {
    job job = {.cost = -1};
    yg_error error = {0};
    flush_denormals();
    const bool done = mlp_read(argc, argv, &job.mlp, &error) && run(&job, &error);
    const int status = done ? EXIT_SUCCESS : report_error(&error);
    if (job.net)
        kann_delete(job.net);
    mlp_free(&job.mlp);
    return status;
}
