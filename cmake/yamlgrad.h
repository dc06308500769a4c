/*
 * yamlgrad: every public header.
 */
#ifndef YG_YAMLGRAD_H
#define YG_YAMLGRAD_H

#include <yamlgrad/data/cell.h>
#include <yamlgrad/data/data.h>
#include <yamlgrad/data/safetensors.h>
#include <yamlgrad/graph/error.h>
#include <yamlgrad/graph/graph.h>
#include <yamlgrad/graph/loop.h>
#include <yamlgrad/graph/op.h>
#include <yamlgrad/graph/profile.h>
#include <yamlgrad/graph/program.h>
#include <yamlgrad/graph/random.h>
#include <yamlgrad/graph/rewrite.h>
#include <yamlgrad/graph/type.h>
#include <yamlgrad/graph/version.h>
#include <yamlgrad/models/model.h>
#include <yamlgrad/ops/build.h>
#include <yamlgrad/ops/ops.h>
#include <yamlgrad/train/evaluate.h>
#include <yamlgrad/train/explain.h>
#include <yamlgrad/train/gradients.h>
#include <yamlgrad/train/optimizer.h>
#include <yamlgrad/train/predict.h>
#include <yamlgrad/train/predictor.h>
#include <yamlgrad/train/processes.h>
#include <yamlgrad/train/train.h>
#include <yamlgrad/train/training_step.h>
#include <yamlgrad/train/units.h>

#endif
