/* SPDX-License-Identifier: Apache-2.0
 * QR images (ISO/IEC 18004) as SVG, by libqrencode. */
#ifndef UP_QR_H
#define UP_QR_H

#include "core/span.h"

/* Append a picture of TEXT: one path, black on white, quiet zone of 4 modules, error correction M
 * (L when M would be denser than version 10). UP_E_STATE when TEXT is empty, UP_E_TOO_LARGE,
 * UP_E_NOMEM. */
UP_MUST_USE enum up_err up_qr_put_svg(struct up_buf *, struct up_span text);

#endif
