/*
 * Other frameworks' names of layers, functions and arguments, for hints only. In a model file the
 * names are PyTorch's, in snake_case and without modules.
 */
#include "foreign.h"

#include <string.h>

static const char *const words[][2] = {
    {"Dense", "linear"},
    {"dense", "linear"},
    {"Linear", "linear"},
    {"fully_connected", "linear"},
    {"fc", "linear"},
    {"InnerProduct", "linear"},
    {"gemm", "linear"},
    {"Embedding", "embedding"},
    {"Dropout", "dropout"},
    {"Flatten", "flatten"},
    {"MLP", "mlp"},
    {"CosineAnnealingLR", "cosine"},
    {"cosine_annealing", "cosine"},
    {"StepLR", "step"},
    {"ExponentialLR", "exponential"},
    {"LinearLR", "linear"},
    {"ConstantLR", "constant"},
    {"units", "out_features"},
    {"hidden", "hidden_features"},
    {"hidden_units", "hidden_features"},
    {"hidden_layer_sizes", "hidden_features"},
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
    {"binary_cross_entropy_with_logits", "bce_with_logits"},
    {"categorical_crossentropy", "cross_entropy"},
    {"sparse_categorical_crossentropy", "cross_entropy"},
    {"CrossEntropyLoss", "cross_entropy"},
    {"NLLLoss", "nll"},
    {"nll_loss", "nll"},
    {"mean_squared_error", "mse"},
    {"mse_loss", "mse"},
    {"MSELoss", "mse"},
    {"mean_absolute_error", "l1"},
    {"mae", "l1"},
    {"l1_loss", "l1"},
    {"L1Loss", "l1"},
    {"huber_loss", "huber"},
    {"HuberLoss", "huber"},
    {"smooth_l1_loss", "huber"},
    {"SmoothL1Loss", "huber"},
    {"KLDivLoss", "kl_div"},
    {"concatenate", "concat"},
    {"cat", "concat"},
    {"dot", "matmul"},
    {"mm", "matmul"},
    {"bmm", "matmul"},
    {"swish", "silu"},
    {"ReLU", "relu"},
    {"LeakyReLU", "leaky_relu"},
    {"ELU", "elu"},
    {"GELU", "gelu"},
    {"SiLU", "silu"},
    {"Tanh", "tanh"},
    {"Sigmoid", "sigmoid"},
    {"Softplus", "softplus"},
    {"Softmax", "softmax"},
    {"LogSoftmax", "log_softmax"},
    {"Identity", "identity"},
    {"neg", "negative"},
    {"power", "pow"},
    {"sub", "subtract"},
    {"mul", "multiply"},
    {"div", "divide"},
};

static const char *const modules[] = {
    "nn.functional.", "torch.nn.functional.", "torch.nn.", "nn.",           "F.",     "torch.",
    "keras.layers.",  "tf.keras.layers.",     "layers.",   "keras.losses.", "tf.nn.", "np.",
};

const char *yg_foreign_word(const char *word) {
    /* A module in front, as in `nn.Linear`, is skipped. */
    const char *bare = word;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        const size_t length = strlen(modules[i]);
        if (strncmp(word, modules[i], length) == 0 && !strchr(word + length, '.'))
            bare = word + length;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], bare) == 0)
            return words[i][1];
    return bare != word ? bare : NULL; /* `torch.tanh` is `tanh` */
}
