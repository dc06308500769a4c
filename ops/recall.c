/*
 * recall: of the rows of a class, the fraction that was answered so.
 */
#include "class_ratio.h"

YG_CLASS_RATIO(recall, "y = hits / rows, by class, averaged",
               "Of the rows of a class, the fraction that was found.", 1, 0, 1)
