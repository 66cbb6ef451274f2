#include <stdio.h>
#include <string.h>

#include "daemon/driver.h"
#include "daemon/host/log.h"

/* What a person wants to read without asking; the rest is for debugging. */
static enum log_level level_of(enum trace_what what)
{
	switch (what) {
	case TRACE_UNLOCK_FAILED:
	case TRACE_PEER_PROTOCOL:
	case TRACE_MEET_WRONG:
	case TRACE_FORKED:
	case TRACE_REVOKED:
	case TRACE_POISONED:
	case TRACE_FULL:
	case TRACE_DAMAGED:
	case TRACE_KIT:
	case TRACE_RESCUE:
		return LOG_LEVEL_WARN;
	case TRACE_STARTED:
	case TRACE_INITIALIZED:
	case TRACE_UNLOCKED:
	case TRACE_LOCKED:
	case TRACE_PEER_UP:
	case TRACE_PEER_DOWN:
	case TRACE_INVITED:
	case TRACE_JOINED:
	case TRACE_RECOVERED:
	case TRACE_RENEWED:
		return LOG_LEVEL_INFO;
	default:
		return LOG_LEVEL_DEBUG;
	}
}

/* The first bytes of an id tell people enough. */
static void hex(char ret[static 17], const uint8_t *id)
{
	for (int i = 0; i < 8; i++)
		snprintf(ret + 2 * i, 3, "%02x", id[i]);
}

void trace_log(const struct effect_trace *trace)
{
	char device[32] = "", item[32] = "", number[40] = "";
	char id[17];

	if (trace->has_device) {
		hex(id, trace->device);
		snprintf(device, sizeof(device), " device %s", id);
	}
	if (trace->has_item) {
		hex(id, trace->item);
		snprintf(item, sizeof(item), " item %s", id);
	}
	if (trace->number)
		snprintf(number, sizeof(number), " (%llu)",
			 (unsigned long long)trace->number);
	log_line(level_of(trace->what), "%s%s%s%s",
		 effect_trace_text(trace->what), device, item, number);
}
