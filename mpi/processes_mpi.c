/*
 * Processes that train together, by MPI: the functions of train/processes.h. This is the only file
 * that knows MPI. It is a shared object of its own, which the command opens when it is started by
 * mpirun (cli/processes.c). So neither the library nor a command that is started alone needs MPI.
 *
 * A failure is a message with a tag of its own. Every process waits for one from the beginning.
 * After a failure messages may be under way that nobody will receive in order. MPI does not allow a
 * process to end then, so `settle` receives and drops them.
 */
#include "processes_mpi.h"

#include "../graph/version.h"
#include "../train/processes.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* The tag of failures. Those of the library's messages come behind it. */
enum { FAILURE_TAG, FIRST_TAG };

typedef struct state {
    yg_processes functions;
    MPI_Comm all;
    size_t block; /* the most bytes that a message has as plain bytes: see type_of() */
    size_t ticket_count;
    MPI_Request *tickets; /* MPI_REQUEST_NULL: free */
    bool *receives;       /* by ticket */
    yg_error arriving;    /* the buffer of `failure` */
    MPI_Request failure;  /* receives the first failure of another process */
    bool others_failed;   /* `arriving` is such a failure */
    bool own_failed;      /* this process has failed by itself: `own` */
    yg_error own;
    MPI_Request *told; /* [size] what tells the others of it */
    bool settled;
} state;

/* ------------------------------------------------------------------------------- messages ---- */

static int new_ticket(state *s, bool receives) {
    size_t i = 0;
    while (i < s->ticket_count && s->tickets[i] != MPI_REQUEST_NULL)
        i++;
    if (i == s->ticket_count) {
        const size_t count = 2 * i + 16;
        MPI_Request *tickets = realloc(s->tickets, count * sizeof *tickets);
        if (!tickets)
            return -1;
        s->tickets = tickets;
        bool *flags = realloc(s->receives, count * sizeof *flags);
        if (!flags)
            return -1;
        s->receives = flags;
        for (size_t k = i; k < count; k++) {
            s->tickets[k] = MPI_REQUEST_NULL;
            s->receives[k] = false;
        }
        s->ticket_count = count;
    }
    s->receives[i] = receives;
    return (int)i;
}

/* A message of that many bytes: *count of the result. MPI counts with an int. So a message of more
 * is one element of a type that is made of blocks. The caller calls drop_type(). */
static MPI_Datatype type_of(const state *s, size_t bytes, int *count) {
    const size_t blocks = bytes / s->block;
    const int lengths[] = {(int)blocks, (int)(bytes % s->block)};
    const MPI_Aint places[] = {0, (MPI_Aint)(blocks * s->block)};
    MPI_Datatype types[] = {MPI_BYTE, MPI_BYTE}, whole;
    *count = (int)bytes;
    if (bytes <= s->block)
        return MPI_BYTE;
    *count = 1;
    MPI_Type_contiguous((int)s->block, MPI_BYTE, &types[0]);
    MPI_Type_create_struct(2, lengths, places, types, &whole);
    MPI_Type_commit(&whole);
    MPI_Type_free(&types[0]);
    return whole;
}

/* MPI keeps a type for as long as a message is under way with it. */
static void drop_type(MPI_Datatype type) {
    if (type != MPI_BYTE)
        MPI_Type_free(&type);
}

static int send_bytes(void *context, int to, int tag, const void *data, size_t bytes) {
    state *s = context;
    const int ticket = new_ticket(s, false);
    if (ticket < 0)
        return ticket;
    int count;
    const MPI_Datatype type = type_of(s, bytes, &count);
    MPI_Isend(data, count, type, to, FIRST_TAG + tag, s->all, &s->tickets[ticket]);
    drop_type(type);
    return ticket;
}

static int receive_bytes(void *context, int from, int tag, void *data, size_t bytes) {
    state *s = context;
    const int ticket = new_ticket(s, true);
    if (ticket < 0)
        return ticket;
    int count;
    const MPI_Datatype type = type_of(s, bytes, &count);
    MPI_Irecv(data, count, type, from, FIRST_TAG + tag, s->all, &s->tickets[ticket]);
    drop_type(type);
    return ticket;
}

static bool is_done(void *context, int ticket) {
    state *s = context;
    int done = 0;
    MPI_Test(&s->tickets[ticket], &done, MPI_STATUS_IGNORE);
    return done != 0;
}

/* ------------------------------------------------------------------------------- failures ---- */

static bool has_failed(void *context, yg_error *error) {
    state *s = context;
    int there = 0;
    if (!s->others_failed && s->failure != MPI_REQUEST_NULL) {
        MPI_Test(&s->failure, &there, MPI_STATUS_IGNORE);
        s->others_failed = there != 0;
    }
    if (s->others_failed)
        yg_fail_as(error, &s->arriving);
    return s->others_failed;
}

static void tell_failure(void *context, const yg_error *error) {
    state *s = context;
    if (s->settled || s->own_failed || has_failed(s, NULL))
        return;
    s->own_failed = true;
    s->own = *error;
    for (int p = 0; p < s->functions.size; p++)
        if (p != s->functions.rank)
            MPI_Isend(&s->own, (int)sizeof s->own, MPI_BYTE, p, FAILURE_TAG, s->all, &s->told[p]);
}

/* ----------------------------------------------------------------------------------- end ---- */

/* Receives and drops a message that nobody waits for, if one is there. */
static void drop_one(state *s) {
    MPI_Status status;
    MPI_Message message;
    int there = 0, count;
    MPI_Count bytes = 0;
    MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, s->all, &there, &message, &status);
    if (!there) {
        sched_yield();
        return;
    }
    MPI_Get_elements_x(&status, MPI_BYTE, &bytes);
    char *waste = malloc((size_t)bytes + 1);
    if (!waste) /* it cannot be dropped, so this process could not end */
        MPI_Abort(s->all, 1);
    const MPI_Datatype type = type_of(s, (size_t)bytes, &count);
    MPI_Mrecv(waste, count, type, &message, MPI_STATUS_IGNORE);
    drop_type(type);
    free(waste);
}

static void drop_until(state *s, MPI_Request *request) {
    for (int done = 0;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            return;
        has_failed(s, NULL);
        drop_one(s);
    }
}

static void meet(state *s) {
    MPI_Request request;
    MPI_Ibarrier(s->all, &request);
    drop_until(s, &request);
}

static void settle(void *context) {
    state *s = context;
    if (s->settled)
        return;
    for (size_t i = 0; i < s->ticket_count; i++)
        if (s->receives[i] && s->tickets[i] != MPI_REQUEST_NULL) {
            MPI_Cancel(&s->tickets[i]);
            MPI_Wait(&s->tickets[i], MPI_STATUS_IGNORE);
        }
    meet(s); /* nobody begins to send any more */
    for (size_t i = 0; i < s->ticket_count; i++)
        drop_until(s, &s->tickets[i]);
    for (int p = 0; p < s->functions.size; p++)
        drop_until(s, &s->told[p]);
    meet(s); /* all that was sent has been received or dropped */
    s->settled = true;
}

/* Brings the failure of the lowest process that has one to process 0. */
static void bring_failure(state *s, yg_error *error) {
    const int size = s->functions.size, rank = s->functions.rank;
    const int own = s->own_failed ? rank : size;
    int lowest = size;
    MPI_Allreduce(&own, &lowest, 1, MPI_INT, MPI_MIN, s->all);
    if (lowest == size)
        return;
    MPI_Bcast(lowest == rank ? &s->own : &s->arriving, (int)sizeof s->own, MPI_BYTE, lowest,
              s->all);
    *error = lowest == rank ? s->own : s->arriving;
}

static void end(void *context, yg_error *error) {
    state *s = context;
    settle(s);
    if (s->failure != MPI_REQUEST_NULL) {
        MPI_Cancel(&s->failure);
        MPI_Wait(&s->failure, MPI_STATUS_IGNORE);
    }
    bring_failure(s, error);
    MPI_Comm_free(&s->all);
    MPI_Finalize();
    free(s->tickets);
    free(s->receives);
    free(s->told);
    free(s);
}

/* --------------------------------------------------------------------------------- begin ---- */

static const yg_processes functions = {.send = send_bytes,
                                       .receive = receive_bytes,
                                       .done = is_done,
                                       .fail = tell_failure,
                                       .failed = has_failed,
                                       .settle = settle,
                                       .end = end};

const yg_processes *yamlgrad_mpi_begin(int version, yg_error *error) {
    if (version != YG_VERSION_NUMBER) {
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                "yamlgrad_mpi.so is of another version than the command: install both again");
        return NULL;
    }
    int given;
    state *s = calloc(1, sizeof *s);
    if (!s) {
        yg_fail_memory(error);
        return NULL;
    }
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS) {
        free(s);
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "MPI cannot be started");
        return NULL;
    }
    MPI_Comm_dup(MPI_COMM_WORLD, &s->all);
    s->functions = functions;
    s->functions.context = s;
    /* For tests: fewer bytes than MPI can count. All processes must have the same. */
    const char *block = getenv("YAMLGRAD_MPI_BLOCK_BYTES");
    const long asked = block ? strtol(block, NULL, 10) : 0;
    s->block = asked > 0 && asked < INT_MAX ? (size_t)asked : INT_MAX;
    MPI_Comm_rank(s->all, &s->functions.rank);
    MPI_Comm_size(s->all, &s->functions.size);
    s->told = malloc((size_t)s->functions.size * sizeof *s->told);
    if (!s->told) /* the others wait for this process */
        MPI_Abort(s->all, 1);
    for (int p = 0; p < s->functions.size; p++)
        s->told[p] = MPI_REQUEST_NULL;
    MPI_Irecv(&s->arriving, (int)sizeof s->arriving, MPI_BYTE, MPI_ANY_SOURCE, FAILURE_TAG, s->all,
              &s->failure);
    return &s->functions;
}
