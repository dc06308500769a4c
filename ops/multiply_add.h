/*
 * The forms of multiply_add: the values of its attribute, in the order of its choices. Private to
 * ops/.
 */
#ifndef YG_OPS_MULTIPLY_ADD_H
#define YG_OPS_MULTIPLY_ADD_H

typedef enum yg_multiply_add_form {
    YG_PRODUCT_PLUS_C,
    YG_C_MINUS_PRODUCT,
    YG_PRODUCT_MINUS_C,
} yg_multiply_add_form;

#endif
