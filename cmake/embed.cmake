# Writes OUTPUT: the files FILES (models/FOLDER/NAME.yaml) as the table yg_embedded_FOLDER that
# models/loader/embedded.h declares, in alphabetical order.
list(SORT FILES)
set(table "")
set(count 0)
foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME_WE)
    file(READ "${file}" text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n     \"" text "${text}")
    string(APPEND table "    {\"${name}\",\n     \"${text}\"},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}"
     "/* Made from models/${FOLDER}/ when yamlgrad is built. */\n"
     "#include \"models/loader/embedded.h\"\n\n"
     "const yg_embedded_file yg_embedded_${FOLDER}[] = {\n${table}    {0, 0},\n};\n\n"
     "const size_t yg_embedded_${FOLDER}_count = ${count};\n")
