"""ONNX Runtime, for inference. The network is written as an ONNX model."""

import protocol


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


def prepare(workload, threads, variant):
    if workload.kind != "inference" or workload.network != "lenet":
        raise protocol.Unsupported("it is compared in inference only")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        lenet_model(workload), options, providers=["CPUExecutionProvider"])
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
