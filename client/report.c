#include "client/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/json.h"
#include "proto/text.h"

#define MESSAGE_SIZE 2048

/* Newlines stay: a message may have several lines. */
static void escaped(const char *text, FILE *out)
{
	char safe[TEXT_ESCAPED_MAX(MESSAGE_SIZE)];

	while (*text) {
		size_t n = strcspn(text, "\n");

		text_escape(safe, sizeof(safe),
			    (struct bytes){ (const uint8_t *)text, n });
		fputs(safe, out);
		text += n;
		if (*text) {
			fputc('\n', out);
			text++;
		}
	}
}

static int as_json(unsigned int status, const char *message)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	json_object(&json, "error");
	json_text(&json, "code", status_code(status));
	json_text(&json, "message", message);
	json_object_end(&json);
	json_object_end(&json);
	return json_print(&json, stdout);
}

int fail(struct fob *fob, unsigned int status, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	if (fob->json && as_json(status, message) == 0)
		return (int)status;
	/* Also where there is no memory left for the other. */
	fflush(stdout);
	fputs("fob: ", stderr);
	escaped(message, stderr);
	fputc('\n', stderr);
	if (status == STATUS_USAGE && fob->command)
		fprintf(stderr, "Try: fob %s --help\n", fob->command->name);
	return (int)status;
}

PRINTF(2, 0)
static void tell(const char *prefix, const char *format, va_list list)
{
	char message[MESSAGE_SIZE];

	vsnprintf(message, sizeof(message), format, list);
	fflush(stdout);
	fputs(prefix, stderr);
	escaped(message, stderr);
	fputc('\n', stderr);
}

void warn(struct fob *fob, const char *format, ...)
{
	va_list list;

	if (fob->quiet)
		return;
	va_start(list, format);
	tell("fob: warning: ", format, list);
	va_end(list);
}

void note(struct fob *fob, const char *format, ...)
{
	va_list list;

	if (fob->quiet)
		return;
	va_start(list, format);
	tell("", format, list);
	va_end(list);
}
