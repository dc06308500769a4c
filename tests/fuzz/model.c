/*
 * Any bytes as a model file: a model whose graph was built, or a message. A network of it is small
 * enough to be built again here; nothing is run.
 */
#include "models/model.h"

#include "fuzz.h"
#include "require.h"

#include <unistd.h>

int fuzz_model(const uint8_t *bytes, size_t size) {
    char path[] = "/tmp/yamlgrad-fuzz-XXXXXX";
    fuzz_file(path, bytes, size);
    yg_error error = {0};
    yg_model *model = yg_model_load(path, NULL, &error);
    unlink(path);
    if (model == NULL) {
        require_failure(&error);
        return 0;
    }
    for (size_t i = 0; i < yg_model_port_count(model); i++) {
        const yg_port *port = yg_model_port(model, i);
        require(port->name[0] != '\0' && port->rank <= YG_MAX_RANK, "a port's form");
    }
    char *expanded = yg_model_expand(model, &error);
    if (expanded == NULL)
        require_failure(&error);
    free(expanded);
    yg_model_free(model);
    return 0;
}
