"""Whether windows may have transparent corners. On X11 without a compositor they would be black."""

import ctypes
import ctypes.util

from PySide6.QtGui import QGuiApplication


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _Atom(ctypes.Structure):
    """xcb_intern_atom_reply_t and xcb_get_selection_owner_reply_t begin alike and carry one number."""

    _fields_ = (
        ("response_type", ctypes.c_uint8),
        ("pad", ctypes.c_uint8),
        ("sequence", ctypes.c_uint16),
        ("length", ctypes.c_uint32),
        ("value", ctypes.c_uint32),
    )


def is_composited() -> bool:
    """True where translucent windows work: everywhere but on an X11 screen whose compositor nobody owns.

    Source: Extended Window Manager Hints 1.5, "_NET_WM_CM_Sn": a compositing manager owns that selection.
    """
    if QGuiApplication.platformName() != "xcb":
        return True
    library = ctypes.util.find_library("xcb")
    if library is None:
        return False
    try:
        return _selection_has_owner(ctypes.CDLL(library))
    except (OSError, AttributeError):  # another xcb than the one we know: square corners are always right
        return False


def _selection_has_owner(xcb: ctypes.CDLL) -> bool:
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_intern_atom.restype = xcb.xcb_get_selection_owner.restype = _Cookie
    reply = ctypes.POINTER(_Atom)
    xcb.xcb_intern_atom_reply.restype = xcb.xcb_get_selection_owner_reply.restype = reply
    free = ctypes.CDLL(None).free
    screen = ctypes.c_int()
    connection = ctypes.c_void_p(xcb.xcb_connect(None, ctypes.byref(screen)))
    try:
        if xcb.xcb_connection_has_error(connection):
            return False
        name = f"_NET_WM_CM_S{screen.value}".encode()
        atom = xcb.xcb_intern_atom_reply(
            connection, xcb.xcb_intern_atom(connection, 0, len(name), name), None
        )
        if not atom:
            return False
        owner = xcb.xcb_get_selection_owner_reply(
            connection, xcb.xcb_get_selection_owner(connection, atom.contents.value), None
        )
        free(atom)
        if not owner:
            return False
        found = bool(owner.contents.value)
        free(owner)
        return found
    finally:
        xcb.xcb_disconnect(connection)
