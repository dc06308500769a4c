/*
 * precision: of the rows that were answered with a class, the fraction that is of it.
 */
#include "class_ratio.h"

YG_CLASS_RATIO(precision, "y = hits / answers, by class, averaged",
               "Of the answers for a class, the fraction that is right.", 1, 1, 0)
