#include "client/formats/xml.h"

#include <errno.h>
#include <expat.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/refusal.h"
#include "proto/text.h"

/* --- memory -------------------------------------------------------------------- */

/* The size stands in front of what expat gets, at any type's alignment. */
#define HEADER 16

static void *wiping_malloc(size_t n)
{
	uint8_t *p = n <= SIZE_MAX - HEADER ? malloc(HEADER + n) : NULL;

	if (!p)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + HEADER;
}

static void wiping_free(void *p)
{
	size_t n;

	if (!p)
		return;
	memcpy(&n, (uint8_t *)p - HEADER, sizeof(n));
	sodium_memzero(p, n);
	free((uint8_t *)p - HEADER);
}

static void *wiping_realloc(void *p, size_t n)
{
	void *grown = wiping_malloc(n);
	size_t old = 0;

	if (!grown || !p)
		return grown;
	memcpy(&old, (uint8_t *)p - HEADER, sizeof(old));
	memcpy(grown, p, size_min(old, n));
	wiping_free(p);
	return grown;
}

static void wipe_text(char *text)
{
	if (text)
		sodium_memzero(text, strlen(text));
	free(text);
}

static void free_element(struct xml *element)
{
	for (char **a = element->attributes; a && *a; a++)
		wipe_text(*a);
	free(element->attributes);
	free(element->name);
	buffer_free(&element->text);
	free(element);
}

/* Without recursion: down to a leaf, which goes, then to what is beside it. */
void xml_drop(struct xml **root)
{
	struct xml *element = *root;

	*root = NULL;
	while (element) {
		struct xml *next = element->child;

		if (next) {
			element->child = NULL;
		} else {
			next = element->next ? element->next : element->parent;
			free_element(element);
		}
		element = next;
	}
}

/* --- building the tree ------------------------------------------------------------ */

struct builder {
	XML_Parser parser;
	struct xml *root, *open;
	size_t depth, elements;
	bool no_memory;
	const char *why; /* what stopped it */
};

static void stop(struct builder *b, const char *why)
{
	if (!b->why)
		b->why = why;
	XML_StopParser(b->parser, XML_FALSE);
}

static void out_of_memory(struct builder *b)
{
	b->no_memory = true;
	stop(b, "");
}

static const char *local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static char **copy_attributes(const char **from)
{
	char **copy;
	size_t n = 0;

	while (from[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(i % 2 ? from[i] : local(from[i]));
		if (copy[i])
			continue;
		for (size_t k = 0; k < i; k++)
			wipe_text(copy[k]);
		free(copy);
		return NULL;
	}
	return copy;
}

static struct xml *new_element(struct builder *b, const char *name,
			       const char **attributes)
{
	struct xml *element = calloc(1, sizeof(*element));

	if (!element)
		return NULL;
	element->name = strdup(local(name));
	element->line = XML_GetCurrentLineNumber(b->parser);
	if (attributes[0])
		element->attributes = copy_attributes(attributes);
	if (element->name && (!attributes[0] || element->attributes))
		return element;
	free_element(element);
	return NULL;
}

static void hang(struct builder *b, struct xml *element)
{
	struct xml *parent = b->open;

	element->parent = parent;
	if (!parent)
		b->root = element;
	else if (parent->last)
		parent->last->next = element;
	else
		parent->child = element;
	if (parent)
		parent->last = element;
	b->open = element;
}

static void on_start(void *user, const XML_Char *name, const XML_Char **more)
{
	struct builder *b = user;
	struct xml *element;

	if (b->why)
		return;
	if (++b->depth > XML_DEPTH) {
		stop(b, "it is nested too deeply to be sound");
		return;
	}
	if (++b->elements > XML_ELEMENTS_MAX) {
		stop(b, "it has too many elements");
		return;
	}
	element = new_element(b, name, more);
	if (element)
		hang(b, element);
	else
		out_of_memory(b);
}

static void on_end(void *user, const XML_Char *name UNUSED)
{
	struct builder *b = user;

	if (b->why)
		return;
	b->depth--;
	b->open = b->open->parent;
}

static int reserve(struct xml *element, size_t n)
{
	AUTO_BUFFER struct buffer grown = { 0 };
	size_t size = element->text.n;

	if (n <= size - element->text_n)
		return 0;
	if (buffer_alloc(&grown, 2 * size + n) < 0)
		return -ENOMEM;
	if (element->text_n > 0)
		memcpy(grown.p, element->text.p, element->text_n);
	buffer_free(&element->text);
	element->text = grown;
	grown = (struct buffer){ 0 };
	return 0;
}

static void on_text(void *user, const XML_Char *text, int n)
{
	struct builder *b = user;
	struct xml *element = b->open;

	if (b->why || !element || n <= 0)
		return;
	if (reserve(element, (size_t)n) < 0) {
		out_of_memory(b);
		return;
	}
	memcpy(element->text.p + element->text_n, text, (size_t)n);
	element->text_n += (size_t)n;
}

static void on_doctype(void *user, const XML_Char *name UNUSED,
		       const XML_Char *system UNUSED,
		       const XML_Char *public UNUSED, int internal UNUSED)
{
	stop(user, "it has a document type, which no such file needs");
}

/* --- reading ---------------------------------------------------------------------- */

static int failed(struct import *import, const struct builder *b)
{
	enum XML_Error error = XML_GetErrorCode(b->parser);
	const char *why = b->why;

	if (b->no_memory || error == XML_ERROR_NO_MEMORY)
		return -ENOMEM;
	if (!why && (error == XML_ERROR_NO_ELEMENTS ||
		     error == XML_ERROR_UNCLOSED_TOKEN ||
		     error == XML_ERROR_PARTIAL_CHAR))
		why = "it is cut off";
	if (!why && error == XML_ERROR_INVALID_TOKEN)
		why = "it is no sound XML, or not UTF-8";
	return refusal_line(import, XML_GetCurrentLineNumber(b->parser),
			    XML_GetCurrentColumnNumber(b->parser) + 1,
			    why ? why : "it is no sound XML");
}

static void listen(struct builder *b)
{
	XML_SetUserData(b->parser, b);
	XML_SetElementHandler(b->parser, on_start, on_end);
	XML_SetCharacterDataHandler(b->parser, on_text);
	XML_SetStartDoctypeDeclHandler(b->parser, on_doctype);
	/* Or it would look for randomness that the sandbox may not give. */
	XML_SetHashSalt(b->parser, (unsigned long)randombytes_random() | 1);
}

int xml_read(struct bytes text, struct import *import, struct xml **ret)
{
	static const XML_Memory_Handling_Suite memory = { wiping_malloc,
							  wiping_realloc,
							  wiping_free };
	struct builder b = { .parser = NULL };
	int r = 0;

	if (text.n == 0)
		return import_fail(import, "the file is empty");
	REQUIRE(text.n <= INT32_MAX);
	b.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	if (!b.parser)
		return -ENOMEM;
	listen(&b);
	if (XML_Parse(b.parser, (const char *)text.p, (int)text.n, XML_TRUE) !=
	    XML_STATUS_OK)
		r = failed(import, &b);
	XML_ParserFree(b.parser);
	if (r == 0)
		*ret = b.root;
	else
		xml_drop(&b.root);
	return r;
}

/* --- looking ---------------------------------------------------------------------- */

const struct xml *xml_next(const struct xml *element, const char *name)
{
	if (element)
		element = element->next;
	while (element && strcmp(element->name, name) != 0)
		element = element->next;
	return element;
}

const struct xml *xml_child(const struct xml *element, const char *name)
{
	const struct xml *child = element ? element->child : NULL;

	if (child && strcmp(child->name, name) != 0)
		return xml_next(child, name);
	return child;
}

const struct xml *xml_find(const struct xml *element, const char *path)
{
	char name[64];

	while (element && *path) {
		size_t n = strcspn(path, "/");

		REQUIRE(n < sizeof(name));
		memcpy(name, path, n);
		name[n] = '\0';
		element = xml_child(element, name);
		path += path[n] ? n + 1 : n;
	}
	return element;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes xml_text(const struct xml *element)
{
	struct bytes text = { NULL, 0 };

	if (!element)
		return text;
	text = (struct bytes){ element->text.p, element->text_n };
	if (text.n == 0)
		return text_of("");
	while (text.n > 0 && is_space(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n > 0 && is_space(text.p[text.n - 1]))
		text.n--;
	return text;
}

struct bytes xml_attribute(const struct xml *element, const char *name)
{
	char **a = element ? element->attributes : NULL;

	for (; a && *a; a += 2)
		if (strcmp(a[0], name) == 0)
			return text_of(a[1]);
	return (struct bytes){ NULL, 0 };
}

/* Behind the mark, or to the end of the text. */
static struct bytes behind(struct bytes text, const char *mark)
{
	const uint8_t *at = memmem(text.p, text.n, mark, strlen(mark));

	if (!at)
		return (struct bytes){ text.p, 0 };
	at += strlen(mark);
	return (struct bytes){ at, text.n - (size_t)(at - text.p) };
}

static bool starts(struct bytes text, const char *prefix)
{
	size_t n = strlen(prefix);

	return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

bool xml_begins(struct bytes text, const char *name)
{
	struct bytes tag;

	if (starts(text, "\xef\xbb\xbf"))
		text = behind(text, "\xef\xbb\xbf");
	for (;;) {
		while (text.n > 0 && is_space(text.p[0])) {
			text.p++;
			text.n--;
		}
		if (starts(text, "<?"))
			text = behind(text, "?>");
		else if (starts(text, "<!--"))
			text = behind(text, "-->");
		else
			break;
	}
	if (!starts(text, "<"))
		return false;
	tag = (struct bytes){ text.p + 1, 0 };
	for (size_t i = 1; i < text.n && !is_space(text.p[i]) &&
			   text.p[i] != '>' && text.p[i] != '/';
	     i++) {
		tag.n++;
		if (text.p[i] == ':')
			tag = (struct bytes){ text.p + i + 1, 0 };
	}
	return tag.n == strlen(name) && memcmp(tag.p, name, tag.n) == 0;
}
