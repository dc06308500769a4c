# Suites of code that runs in threads, for ThreadSanitizer: `./dev tsan`. See in_process/.
file(GLOB YG_TEST_SUPPORT CONFIGURE_DEPENDS *.c)
list(FILTER YG_TEST_SUPPORT EXCLUDE REGEX "/test_[^/]*$")
add_library(yamlgrad_test_support STATIC ${YG_TEST_SUPPORT} in_process/main.c)
target_include_directories(yamlgrad_test_support BEFORE PUBLIC in_process)
target_link_libraries(yamlgrad_test_support PUBLIC yamlgrad_static)
if(YG_SQLITE_DEFINITION)
    set_source_files_properties(database.c PROPERTIES COMPILE_DEFINITIONS "${YG_SQLITE_DEFINITION}")
endif()
add_custom_target(tsan_suites)
foreach(name IN ITEMS allocation_predictor csv_blocks images read_ahead sequence_reader series_reader shares
                      spool stream threads)
    add_executable(test_${name} test_${name}.c)
    target_link_libraries(test_${name} PRIVATE yamlgrad_test_support PkgConfig::JANSSON)
    target_compile_definitions(test_${name} PRIVATE
                               YG_FIXTURES="${CMAKE_CURRENT_SOURCE_DIR}/fixtures"
                               YG_SOURCE="${PROJECT_SOURCE_DIR}")
    if(name MATCHES "^allocation_")
        foreach(function IN ITEMS malloc calloc realloc aligned_alloc strdup strndup
                                  open_memstream json_dumps pthread_create free)
            target_link_options(test_${name} PRIVATE -Wl,--wrap=${function})
        endforeach()
    endif()
    add_dependencies(tsan_suites test_${name})
    add_test(NAME tsan_${name} COMMAND test_${name})
    set_tests_properties(tsan_${name} PROPERTIES TIMEOUT 900)
endforeach()
