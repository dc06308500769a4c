# fish completion for yamlgrad
set -l commands train eval predict grad check show expand ops layers help
complete -c yamlgrad -n "not __fish_seen_subcommand_from $commands" -f
complete -c yamlgrad -n "not __fish_seen_subcommand_from $commands" -l version -d "the version"
complete -c yamlgrad -n __fish_use_subcommand -a train -d "train a model on its data"
complete -c yamlgrad -n __fish_use_subcommand -a eval -d "loss and metrics of trained weights"
complete -c yamlgrad -n __fish_use_subcommand -a predict -d "predict for the rows of a CSV file"
complete -c yamlgrad -n __fish_use_subcommand -a grad -d "loss and gradients, as JSON"
complete -c yamlgrad -n __fish_use_subcommand -a check -d "is the file valid, are its gradients right"
complete -c yamlgrad -n __fish_use_subcommand -a show -d "layers, shapes, cost; the graph; the plan"
complete -c yamlgrad -n __fish_use_subcommand -a expand -d "the model in operators only"
complete -c yamlgrad -n __fish_use_subcommand -a ops -d "list the operators"
complete -c yamlgrad -n __fish_use_subcommand -a layers -d "list the layer types"
complete -c yamlgrad -n __fish_use_subcommand -a help -d "tell about a command"

function __yamlgrad_option
    complete -c yamlgrad -n "__fish_seen_subcommand_from $argv[1]" $argv[2..]
end
__yamlgrad_option "train eval predict grad check" -s w -l weights -r -d "a safetensors file"
__yamlgrad_option "train eval predict grad show" -l dtype -x -a "f32 f64" -d "compute in this type"
__yamlgrad_option "train eval predict grad check" -l threads -x -d "number of threads"
__yamlgrad_option "train eval predict grad check show expand" -l set -x -d "NAME=VALUE for a var"
__yamlgrad_option "train eval predict grad check show expand ops" -l plugin -r -d "operators of your own"
__yamlgrad_option "eval check show ops layers" -l json -d "print JSON"
__yamlgrad_option "train grad check" -l seed -x -d "the same seed gives the same bits"
__yamlgrad_option "train eval predict" -l batch-size -x -d "examples at a time"
__yamlgrad_option train -s o -l out -r -d "where the results go"
__yamlgrad_option train -l epochs -x -d "passes over the training data"
__yamlgrad_option train -l steps -x -d "batches, instead of epochs"
__yamlgrad_option train -l lr -x -d "the learning rate"
__yamlgrad_option train -l resume -d "go on with the run in the folder"
__yamlgrad_option train -s q -l quiet -d "say nothing but errors"
__yamlgrad_option eval -s d -l data -r -a "train validation test" -d "part of the data, or a file"
__yamlgrad_option predict -s o -l output -r -d "write there"
__yamlgrad_option predict -l delimiter -x -d "what separates columns"
__yamlgrad_option check -l elements -x -d "compare at most so many elements"
__yamlgrad_option show -s b -l batch -x -d "the batch size"
__yamlgrad_option show -l dim -x -d "NAME=N for a symbolic dimension"
__yamlgrad_option show -s a -l all -d "also the layers inside layers"
__yamlgrad_option show -l graph -d "the graph, as text or dot"
__yamlgrad_option show -l gradients -d "the derivatives too"
__yamlgrad_option show -l plan -d "the instructions of a training step"
functions -e __yamlgrad_option
