/*
 * The forms of two_products: the values of its attribute, in the order of its choices. Private to
 * ops/.
 */
#ifndef YG_OPS_TWO_PRODUCTS_H
#define YG_OPS_TWO_PRODUCTS_H

typedef enum yg_two_products_form {
    YG_SUM_OF_PRODUCTS,
    YG_DIFFERENCE_OF_PRODUCTS,
} yg_two_products_form;

#endif
