/*
 * Evaluates the shapes of inputs and targets. A dimension is a number or a formula over vars; any
 * other name is a symbolic dimension.
 */
#include "expander.h"
#include "ports.h"
#include "read.h"

static bool read_size(yg_expander *x, const yg_scope *scope, const yg_expression *written,
                      const char *what, int64_t min, int64_t *size) {
    yg_term term;
    return yg_expand_expression(x, scope, written, &term) &&
           yg_term_is_int(NULL, &term, what, min, written->origin, size, x->error);
}

/* Fails if the largest class does not fit the target's type. */
static bool check_classes(const yg_expander *x, const yg_port_spec *spec, int64_t classes) {
    static const int64_t most[YG_DTYPE_COUNT] = {
        [YG_BOOL] = 2,
        [YG_I32] = (int64_t)INT32_MAX + 1,
        [YG_I64] = INT64_MAX,
        [YG_F32] = ((int64_t)1 << 24) + 1,
        [YG_F64] = ((int64_t)1 << 53) + 1,
    };
    return classes <= most[spec->dtype] ||
           yg_fail(x->error, YG_ERROR_ARGUMENT,
                   spec->classes ? spec->classes->origin : spec->origin,
                   "`classes`: %s holds at most %lld classes, found %lld",
                   yg_dtype_name(spec->dtype), (long long)most[spec->dtype], (long long)classes);
}

/* Makes the type for a batch of one, so that an impossible size is reported here, at its line. */
static bool check_type(const yg_expander *x, const yg_port_spec *spec, const yg_port *port) {
    int64_t shape[YG_MAX_RANK];
    yg_type type;
    yg_error failure = {0};
    for (int d = 0; d < port->rank; d++)
        shape[d] = port->symbols[d] ? 1 : port->shape[d];
    return yg_type_make(YG_F64, port->rank, shape, &type, &failure) ||
           yg_fail(x->error, failure.code, spec->shape.origin, "'%s': %s", spec->name,
                   failure.message);
}

static bool resolve_port(yg_expander *x, const yg_scope *scope, const yg_port_spec *spec,
                         yg_port *port) {
    *port = (yg_port){.name = spec->name,
                      .dtype = spec->dtype,
                      .rank = (int)spec->shape.count,
                      .classes = (int64_t)spec->class_name_count,
                      .class_names = spec->class_names,
                      .target = spec->target,
                      .origin = spec->origin};
    for (size_t d = 0; d < spec->shape.count; d++) {
        const yg_expression *dim = spec->shape.dims[d];
        if (dim->kind == YG_EXPRESSION_NAME && !yg_scope_find(scope, dim->text)) {
            const yg_value name = {.origin = dim->origin, .text = dim->text};
            if (!yg_read_name(&name, "a dimension", false, x->error))
                return false;
            port->shape[d] = -1;
            port->symbols[d] = dim->text;
        } else if (!read_size(x, scope, dim, spec->name, 1, &port->shape[d])) {
            return false;
        }
    }
    return check_type(x, spec, port) &&
           (!spec->classes || read_size(x, scope, spec->classes, "`classes`", 2, &port->classes)) &&
           check_classes(x, spec, port->classes);
}

bool yg_resolve_ports(yg_model *model, yg_error *error) {
    yg_expander x = {.model = model, .pool = model->pool, .constants = true, .error = error};
    yg_scope scope = {.prefix = "", .parameter_prefix = "", .parameter_suffix = ""};
    model->ports = yg_pool_take(model->pool, (model->port_count + 1) * sizeof *model->ports);
    if (!model->ports)
        return yg_fail_memory(error);
    if (!yg_bind_vars(&x, &scope))
        return false;
    for (size_t i = 0; i < model->port_count; i++)
        if (!resolve_port(&x, &scope, &model->port_specs[i], &model->ports[i]))
            return false;
    return true;
}
