#include "client/formats/bitwarden_authenticator.h"

#include <string.h>

#include "client/formats/bitwarden.h"
#include "client/formats/lines.h"
#include "client/formats/login.h"
#include "proto/text.h"

#define HEADER "folder,favorite,type,name,login_uri,login_totp"
#define FIELDS_BEFORE_NAME 3

static bool is_json(struct bytes file)
{
	return json_has(file, "encrypted") && json_has(file, "items") &&
	       !json_has(file, "folders") && !json_has(file, "collections");
}

static bool is_table(struct bytes file)
{
	struct lines lines;
	struct bytes line;

	lines_init(&lines, file);
	return lines_next(&lines, &line) && text_same(line, text_of(HEADER));
}

bool bitwarden_authenticator_detect(struct bytes file)
{
	return is_table(file) || is_json(file);
}

static size_t find(struct bytes line, const char *text)
{
	const uint8_t *at = memmem(line.p, line.n, text, strlen(text));

	return at ? (size_t)(at - line.p) : SIZE_MAX;
}

/*
 * The key is the URI, wherever in the line it stands: it holds no comma,
 * which a name, nowhere quoted, may. The name is what stands before it and
 * the empty login_uri.
 */
static bool split(struct bytes line, struct login *ret)
{
	size_t at = size_min(find(line, "otpauth://"), find(line, "steam://"));
	struct bytes head = { line.p, at };
	const uint8_t *comma;

	if (at == SIZE_MAX)
		return false;
	ret->totp = (struct bytes){ line.p + at, line.n - at };
	comma = memchr(ret->totp.p, ',', ret->totp.n);
	if (comma)
		ret->totp.n = (size_t)(comma - ret->totp.p);
	for (size_t i = 0; i < FIELDS_BEFORE_NAME; i++) {
		comma = head.n ? memchr(head.p, ',', head.n) : NULL;
		if (!comma)
			return true;
		head.n -= (size_t)(comma + 1 - head.p);
		head.p = comma + 1;
	}
	while (head.n > 0 && head.p[head.n - 1] == ',')
		head.n--;
	ret->name = head;
	return true;
}

static int read_line(struct import *import, uint64_t position,
		     struct bytes line)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { "line", "holds no otpauth or steam URI" };
	struct login login = { .user = { NULL, 0 } };
	int r;

	entry_init(&entry);
	if (line.n > IMPORT_LINE_MAX || !split(line, &login))
		return import_skip(import, position, fault, login.name);
	r = login_fill(&login, import, position, &entry, &fault);
	return import_take(import, position, &entry, r, fault);
}

static int read_table(struct bytes file, struct import *import)
{
	struct lines lines;
	struct bytes line;
	int r = 0;

	lines_init(&lines, file);
	lines_next(&lines, &line);
	while (r == 0 && lines_next(&lines, &line))
		r = read_line(import, lines.number, line);
	return r;
}

int bitwarden_authenticator_read(struct bytes file, struct import *import)
{
	AUTO_JSON_VALUE json_t *root = NULL;
	int r;

	if (is_table(file))
		return read_table(file, import);
	r = json_read(file, import, &root);
	return r ? r : bitwarden_items(import, root);
}
