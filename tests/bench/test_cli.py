"""The commands as a user types them, in processes of their own."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from conftest_bench import BENCH
