/*
 * Other frameworks' words, for hints only: a model file speaks PyTorch's, in snake_case.
 */
#include "syntax.h"

#include <string.h>

static const char *const words[][2] = {
    {"Dense", "linear"},
    {"dense", "linear"},
    {"Linear", "linear"},
    {"fully_connected", "linear"},
    {"fc", "linear"},
    {"InnerProduct", "linear"},
    {"gemm", "linear"},
    {"Conv2D", "conv2d"},
    {"Conv2d", "conv2d"},
    {"Convolution", "conv2d"},
    {"MaxPooling2D", "max_pool2d"},
    {"MaxPool2d", "max_pool2d"},
    {"BatchNormalization", "batch_norm"},
    {"BatchNorm2d", "batch_norm"},
    {"LayerNormalization", "layer_norm"},
    {"LayerNorm", "layer_norm"},
    {"Embedding", "embedding"},
    {"Dropout", "dropout"},
    {"Flatten", "flatten"},
    {"MLP", "mlp"},
    {"units", "out_features"},
    {"num_output", "out_features"},
    {"filters", "out_channels"},
    {"strides", "stride"},
    {"pad", "padding"},
    {"rate", "p"},
    {"input_dim", "num_embeddings"},
    {"output_dim", "embedding_dim"},
    {"bias", "use_bias"},
    {"kernel_initializer", "init"},
    {"weight_init", "init"},
    {"kernel_init", "init"},
    {"glorot_uniform", "xavier_uniform"},
    {"glorot_normal", "xavier_normal"},
    {"he_uniform", "kaiming_uniform"},
    {"he_normal", "kaiming_normal"},
    {"random_normal", "normal"},
    {"random_uniform", "uniform"},
    {"axis", "dim"},
    {"axes", "dim"},
    {"keepdims", "keepdim"},
    {"reduce_sum", "sum"},
    {"reduce_mean", "mean"},
    {"binary_crossentropy", "bce"},
    {"binary_cross_entropy", "bce"},
    {"BCELoss", "bce"},
    {"BCEWithLogitsLoss", "bce_with_logits"},
    {"categorical_crossentropy", "cross_entropy"},
    {"CrossEntropyLoss", "cross_entropy"},
    {"mean_squared_error", "mse"},
    {"mse_loss", "mse"},
    {"MSELoss", "mse"},
    {"concatenate", "concat"},
    {"cat", "concat"},
    {"dot", "matmul"},
    {"mm", "matmul"},
    {"bmm", "matmul"},
    {"swish", "silu"},
    {"ReLU", "relu"},
    {"neg", "negative"},
    {"power", "pow"},
    {"sub", "subtract"},
    {"mul", "multiply"},
    {"div", "divide"},
    {"layers", "graph"},
    {"network", "graph"},
    {"parameters", "params"},
    {"weights", "params"},
    {"variables", "vars"},
    {"input", "inputs"},
    {"labels", "targets"},
    {"description", "doc"},
};

const char *yg_foreign_word(const char *word) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i][0], word) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}
