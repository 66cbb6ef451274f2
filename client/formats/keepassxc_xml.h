/*
 * KeePass 2's XML export, which KeePassXC writes as well: groups in groups,
 * entries with texts under names (keepass.h). Older versions of an entry and
 * what lies in the recycle bin are left out. Source: KdbxXmlWriter of
 * keepassxreboot/keepassxc.
 */
#ifndef FOB_FORMATS_KEEPASSXC_XML_H
#define FOB_FORMATS_KEEPASSXC_XML_H

#include "client/formats/import.h"

bool keepassxc_xml_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int keepassxc_xml_read(struct bytes file, struct import *import);

#endif
