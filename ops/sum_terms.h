/*
 * The terms that sum_terms adds up: the choices of its attribute `term`.
 */
#ifndef YG_OPS_SUM_TERMS_H
#define YG_OPS_SUM_TERMS_H

enum {
    YG_TERM_SQUARE,           /* x² */
    YG_TERM_MAGNITUDE,        /* |x| */
    YG_TERM_PRODUCT,          /* x · z */
    YG_TERM_SQUARED_DISTANCE, /* (x - z)² */
    YG_TERM_DISTANCE,         /* |x - z| */
    YG_TERMS,
};

/* Attributes of sum_terms. */
enum { YG_SUM_TERMS_DIM, YG_SUM_TERMS_KEEPDIM, YG_SUM_TERMS_TERM, YG_SUM_TERMS_ATTRS };

#endif
