/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Numbers of directives, and their units. */

#include "mod_edu.h"

/* Units of what a number counts; "" is that itself, and ends a list. */
typedef struct unit_t {
    const char *name;
    int factor;
} unit_t;

static const unit_t of_bytes[] = {
    {"K",  1 << 10},
    { "M", 1 << 20},
    { "G", 1 << 30},
    { "",  1      }
};
static const unit_t of_seconds[] = {
    {"s",  1    },
    { "m", 60   },
    { "h", 3600 },
    { "d", 86400},
    { "",  1    }
};

const char *edum_number_read(apr_int64_t *n, cmd_parms *cmd, const char *value,
                             const char *what, int min, int max)
{
    static const unit_t none[] = {
        {"", 1}
    };
    int bytes = strcmp(what, "bytes") == 0;
    int seconds = strcmp(what, "seconds") == 0;
    const unit_t *unit = bytes ? of_bytes : seconds ? of_seconds : none;
    char *end;

    *n = apr_strtoi64(value, &end, 10);
    while (*unit->name && strcasecmp(unit->name, end) != 0) {
        unit++;
    }
    if (strcasecmp(unit->name, end) != 0 || end == value || *n < 0 ||
        *n > max / unit->factor || *n * unit->factor < min) {
        return apr_psprintf(cmd->pool,
                            "%s is a number of %s from %d to %d%s, not %s",
                            cmd->cmd->name, what, min, max,
                            bytes     ? ", as in 4M"
                            : seconds ? ", as in 30s, 5m, 2h or 7d"
                                      : "",
                            value);
    }
    *n *= unit->factor;
    return NULL;
}
