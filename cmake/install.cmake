# What `cmake --install` lays down: headers, libraries, package files, the command, its man page and
# completions, example models.

install(TARGETS yamlgrad_static yamlgrad_shared EXPORT yamlgrad
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS yamlgrad RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(MPI_FOUND)
    install(TARGETS yamlgrad_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/yamlgrad)
endif()

# The public headers. What stands beside them in the tree and is not listed is the room's own.
set(YG_PUBLIC_HEADERS
    graph/error.h graph/type.h graph/op.h graph/graph.h graph/program.h graph/profile.h
    graph/loop.h graph/random.h graph/rewrite.h graph/version.h
    ops/ops.h ops/build.h ops/plugin.h
    ops/elementwise.h ops/instructions.h ops/multiversion.h ops/vector_math.h
    models/model.h models/loader/document.h
    data/cell.h data/data.h train/evaluate.h train/gradients.h train/optimizer.h train/predict.h
    train/predictor.h train/processes.h train/explain.h
    data/safetensors.h train/training_step.h train/train.h train/units.h)
foreach(header IN LISTS YG_PUBLIC_HEADERS)
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${PROJECT_SOURCE_DIR}/${header}
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/yamlgrad/${folder})
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/cmake/yamlgrad.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Relative to the file itself, so that `cmake --install --prefix` works.
file(RELATIVE_PATH YG_PREFIX_FROM_PKGCONFIG
     /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" YG_PREFIX_FROM_PKGCONFIG "${YG_PREFIX_FROM_PKGCONFIG}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/yamlgrad.pc.in ${PROJECT_BINARY_DIR}/yamlgrad.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/yamlgrad.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(YG_PACKAGE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/yamlgrad)
install(EXPORT yamlgrad NAMESPACE yamlgrad:: FILE yamlgrad-targets.cmake
        DESTINATION ${YG_PACKAGE_FOLDER})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/yamlgrad-config.cmake.in
                              ${PROJECT_BINARY_DIR}/yamlgrad-config.cmake
                              INSTALL_DESTINATION ${YG_PACKAGE_FOLDER})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/yamlgrad-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/yamlgrad-config.cmake
              ${PROJECT_BINARY_DIR}/yamlgrad-config-version.cmake
        DESTINATION ${YG_PACKAGE_FOLDER})

install(FILES ${PROJECT_SOURCE_DIR}/docs/yamlgrad.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_SOURCE_DIR}/docs/model.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/yamlgrad)
install(FILES ${PROJECT_SOURCE_DIR}/completions/yamlgrad.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME yamlgrad)
install(FILES ${PROJECT_SOURCE_DIR}/completions/_yamlgrad
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${PROJECT_SOURCE_DIR}/completions/yamlgrad.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/LICENSE
              ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
# The README links to docs/ and its pictures; the installed copy keeps those links whole.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "model.schema.json" PATTERN "*.svg")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models DESTINATION ${CMAKE_INSTALL_DATADIR}/yamlgrad
        FILES_MATCHING PATTERN "*.yaml" PATTERN "data/*" PATTERN "loader" EXCLUDE)
