/*
 * The choices of dropout's attribute `unit`, for operators that are made of it.
 */
#ifndef YG_OPS_DROPOUT_H
#define YG_OPS_DROPOUT_H

enum {
    YG_DROP_ELEMENT, /* each element on its own */
    YG_DROP_CHANNEL, /* x[n, c] as a whole */
    YG_DROP_EXAMPLE, /* x[n] as a whole */
};

#endif
