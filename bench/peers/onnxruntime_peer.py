"""ONNX Runtime, for inference. The network is written as an ONNX model."""

import protocol
import spec


def lenet_model(workload):
    from onnx import TensorProto, checker, helper, numpy_helper

    shapes = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,),
              (10, 84), (10,)]
    weights = [numpy_helper.from_array(values, f"p{k}")
               for k, values in enumerate(protocol.parameters_of(workload, shapes))]
    nodes, last = [], "x"

    def add(kind, *parameters, **attributes):
        nonlocal last
        name = f"h{len(nodes)}"
        nodes.append(helper.make_node(kind, [last, *parameters], [name], **attributes))
        last = name

    for k, padding in ((0, 2), (2, 0)):
        add("Conv", f"p{k}", f"p{k + 1}", kernel_shape=[5, 5], pads=[padding] * 4)
        add("Relu")
        add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    add("Flatten")
    for k in (4, 6, 8):
        add("Gemm", f"p{k}", f"p{k + 1}", transB=1)
        if k < 8:
            add("Relu")
    shape = (workload.batch, *workload.x)
    graph = helper.make_graph(
        nodes, "lenet", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, (workload.batch, 10))], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model.SerializeToString()


MEAN, DEVIATION = 0.5, 0.25  # of each column, as in bench/predictor.c


def dense_model(workload):
    """Two dense layers. The first has a relu in the network of a table, which is standardised."""
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper

    weights = [numpy_helper.from_array(values, f"p{k}")
               for k, values in enumerate(protocol.parameters_of(workload))]
    nodes, last = [], "x"

    def add(kind, *operands, **attributes):
        nonlocal last
        name = f"h{len(nodes)}"
        nodes.append(helper.make_node(kind, [last, *operands], [name], **attributes))
        last = name

    if workload.standardized:
        for name, value in (("mean", MEAN), ("deviation", DEVIATION)):
            column = np.full(workload.layers[0], value, np.float32)
            weights.append(numpy_helper.from_array(column, name))
        add("Sub", "mean")
        add("Div", "deviation")
    for layer in (0, 1):
        add("Gemm", f"p{2 * layer}", f"p{2 * layer + 1}", transB=1)
        add("Relu" if workload.standardized and layer == 0 else "Sigmoid")
    shapes = [(workload.batch, workload.layers[0]), (workload.batch, workload.layers[-1])]
    graph = helper.make_graph(
        nodes, "dense", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shapes[0])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shapes[1])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model.SerializeToString()


def model_of(workload):
    if workload.kind == "predictor":
        return dense_model(workload)
    if workload.kind == "inference" and workload.network == "lenet":
        return lenet_model(workload)
    if workload.kind == "inference":
        layers = protocol.SPECS[workload.network]
        shapes = spec.parameter_shapes(layers, workload.x)
        return spec.onnx_model(layers, workload.batch, workload.x, workload.tokens,
                               protocol.parameters_of(workload, shapes))
    raise protocol.Unsupported("it is compared in inference only")


def prepare(workload, threads, variant):
    model = model_of(workload)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"])
    x, _ = protocol.batch_of(workload)
    # The input and the output stay in place, so that only the network is timed.
    binding = session.io_binding()
    value = onnxruntime.OrtValue.ortvalue_from_numpy(x)
    binding.bind_ortvalue_input("x", value)
    binding.bind_output(session.get_outputs()[0].name)

    def run(steps):
        for _ in range(steps):
            session.run_with_iobinding(binding)

    run(1)
    return (run, [protocol.squared_norm(binding.copy_outputs_to_cpu())],
            onnxruntime.__version__)


def first_gradient():
    raise protocol.Unsupported("it has no gradients")


if __name__ == "__main__":
    protocol.main(prepare, first_gradient)
