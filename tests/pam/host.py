# SPDX-License-Identifier: Apache-2.0
"""A PAM host whose conversation does as told: host.py SERVICE USER HOW, prints pam_authenticate's
answer and the descriptors before and after.

    text      refuses the first line      prompt    refuses the prompt      nothing    says that it
              went well and gives no answer
"""
import ctypes
import os
import sys

SUCCESS, CONV_ERR, PROMPT_OFF, TEXT = 0, 19, 1, 4


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


TALK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                        ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("talk", TALK), ("data", ctypes.c_void_p)]


libc, pam = ctypes.CDLL("libc.so.6"), ctypes.CDLL("libpam.so.0")
libc.calloc.restype = ctypes.c_void_p
service, user, how = sys.argv[1:4]


@TALK
def talk(count, messages, responses, data):
    style = messages[0].contents.style
    if (how, style) in (("text", TEXT), ("prompt", PROMPT_OFF)):
        return CONV_ERR
    if how == "nothing":
        responses[0] = ctypes.POINTER(Response)()
    else:
        responses[0] = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)),
                                   ctypes.POINTER(Response))
    return SUCCESS


handle = ctypes.c_void_p()
conversation = Conversation(talk, None)
assert pam.pam_start(service.encode(), user.encode(), ctypes.byref(conversation),
                     ctypes.byref(handle)) == SUCCESS
before = sorted(os.listdir("/proc/self/fd"))
answer = pam.pam_authenticate(handle, 0)
print("answer", answer, "same" if sorted(os.listdir("/proc/self/fd")) == before else "leaks")
pam.pam_end(handle, answer)
