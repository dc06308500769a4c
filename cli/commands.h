/*
 * The sub-commands: commands.def lists them, one file each.
 */
#ifndef YG_CLI_COMMANDS_H
#define YG_CLI_COMMANDS_H

#include "options.h"

#define YG_COMMAND(name) extern const command command_##name;
#include "commands.def"
#undef YG_COMMAND

#endif
