/*
 * f1: the harmonic mean of precision and recall, by class.
 */
#include "class_ratio.h"

YG_CLASS_RATIO(f1, "y = 2·hits / (answers + rows), by class, averaged",
               "The harmonic mean of precision and recall.", 2, 1, 1)
