/** Generated from firmware-targets/ by "npm run generate". Do not edit. */
import type { TargetCatalog } from "./catalog.ts";

export const targetCatalog: TargetCatalog = {
  "targets": [
    {
      "schema": 1,
      "id": "industrial-pc-x64",
      "name": "Industrial PC on x86-64",
      "class": "industrial-pc",
      "tier": 1,
      "platform": {
        "os": "linux",
        "arch": "x64",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        }
      },
      "node": {
        "vendored": "24.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-node",
          "range": ">=1.22 <2",
          "providers": [
            "cpu"
          ]
        },
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "ramMiB": 4096,
        "agentReserveMiB": 160,
        "modelStoreMiB": 8192,
        "keepReleases": 2,
        "sessions": 2,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "ssd",
        "dailyWriteMiB": 1024
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:amd64",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [
        {
          "dmi": "chassis_type",
          "equals": "34"
        },
        {
          "dmi": "chassis_type",
          "equals": "33"
        },
        {
          "all": [
            {
              "dmi": "sys_vendor",
              "equals": "SIEMENS AG"
            },
            {
              "dmi": "product_name",
              "contains": "SIMATIC IPC"
            }
          ]
        }
      ],
      "knownIssues": [],
      "verified": []
    },
    {
      "schema": 1,
      "id": "jetson-orin-jp6",
      "name": "NVIDIA Jetson Orin, JetPack 6",
      "class": "accelerated",
      "tier": 2,
      "platform": {
        "os": "linux",
        "arch": "arm64",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        },
        "cpu": {
          "core": "cortex-a78ae"
        }
      },
      "node": {
        "vendored": "24.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-node",
          "range": ">=1.22 <2",
          "providers": [
            "cpu",
            "cuda",
            "tensorrt"
          ]
        },
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "ramMiB": 4096,
        "agentReserveMiB": 160,
        "modelStoreMiB": 8192,
        "keepReleases": 2,
        "threads": 4,
        "sessions": 2,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "ssd",
        "dailyWriteMiB": 1024
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:arm64",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [
        {
          "all": [
            {
              "file": "/proc/device-tree/compatible",
              "contains": "nvidia,tegra234"
            },
            {
              "file": "/etc/nv_tegra_release",
              "contains": "# R36"
            }
          ]
        }
      ],
      "emulation": {
        "qemu": "aarch64",
        "cpu": "cortex-a76",
        "sysroot": "debian-12"
      },
      "knownIssues": [
        {
          "runtime": "onnxruntime-node",
          "range": "1.24.x",
          "symptom": "crash at process exit; one after a clean stop is no failed rollout",
          "ref": "microsoft/onnxruntime#28301",
          "effect": "note"
        },
        {
          "runtime": "onnxruntime-node",
          "range": "*",
          "symptom": "no official arm64 CUDA build: the integrator supplies libonnxruntime.so of exactly the same version",
          "ref": "microsoft/onnxruntime#21232",
          "effect": "note"
        }
      ],
      "verified": []
    },
    {
      "schema": 1,
      "id": "raspberry-pi-4",
      "name": "Raspberry Pi 4 (64-bit)",
      "class": "sbc",
      "tier": 2,
      "platform": {
        "os": "linux",
        "arch": "arm64",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        },
        "cpu": {
          "core": "cortex-a72",
          "lacks": [
            "dotprod"
          ]
        }
      },
      "node": {
        "vendored": "24.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-node",
          "range": ">=1.22 <2",
          "providers": [
            "cpu"
          ]
        },
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "ramMiB": 1024,
        "agentReserveMiB": 160,
        "modelStoreMiB": 2048,
        "keepReleases": 2,
        "threads": 3,
        "sessions": 2,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "sd",
        "dailyWriteMiB": 200
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:arm64",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [
        {
          "file": "/proc/device-tree/compatible",
          "contains": "raspberrypi,4-model-b"
        },
        {
          "file": "/proc/device-tree/compatible",
          "contains": "raspberrypi,400"
        },
        {
          "file": "/proc/device-tree/compatible",
          "contains": "raspberrypi,4-compute-module"
        }
      ],
      "emulation": {
        "qemu": "aarch64",
        "cpu": "cortex-a72",
        "sysroot": "debian-12"
      },
      "knownIssues": [],
      "verified": []
    },
    {
      "schema": 1,
      "id": "raspberry-pi-5",
      "name": "Raspberry Pi 5 (64-bit)",
      "class": "sbc",
      "tier": 2,
      "platform": {
        "os": "linux",
        "arch": "arm64",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        },
        "cpu": {
          "core": "cortex-a76"
        }
      },
      "node": {
        "vendored": "24.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-node",
          "range": ">=1.22 <2",
          "providers": [
            "cpu"
          ]
        },
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "ramMiB": 2048,
        "agentReserveMiB": 160,
        "modelStoreMiB": 2048,
        "keepReleases": 2,
        "threads": 3,
        "sessions": 2,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "sd",
        "dailyWriteMiB": 200
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:arm64",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [
        {
          "file": "/proc/device-tree/compatible",
          "contains": "raspberrypi,5-model-b"
        },
        {
          "file": "/proc/device-tree/compatible",
          "contains": "raspberrypi,500"
        },
        {
          "file": "/proc/device-tree/compatible",
          "contains": "raspberrypi,5-compute-module"
        }
      ],
      "emulation": {
        "qemu": "aarch64",
        "cpu": "cortex-a76",
        "sysroot": "debian-12"
      },
      "knownIssues": [],
      "verified": []
    },
    {
      "schema": 1,
      "id": "linux-arm64-glibc",
      "name": "Linux on 64-bit ARM (glibc)",
      "class": "gateway",
      "tier": 2,
      "platform": {
        "os": "linux",
        "arch": "arm64",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        }
      },
      "node": {
        "vendored": "24.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-node",
          "range": ">=1.22 <2",
          "providers": [
            "cpu"
          ]
        },
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "agentReserveMiB": 160,
        "keepReleases": 2,
        "sessions": 2,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "any",
        "dailyWriteMiB": 1024
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:arm64",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [],
      "emulation": {
        "qemu": "aarch64",
        "cpu": "cortex-a72",
        "sysroot": "debian-12"
      },
      "knownIssues": [],
      "verified": []
    },
    {
      "schema": 1,
      "id": "linux-armv7-glibc",
      "name": "Linux on 32-bit ARM (glibc), WebAssembly only",
      "class": "sbc",
      "tier": 2,
      "platform": {
        "os": "linux",
        "arch": "arm",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        }
      },
      "node": {
        "vendored": "20.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "agentReserveMiB": 128,
        "keepReleases": 2,
        "sessions": 1,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "sd",
        "dailyWriteMiB": 200
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:armhf",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [],
      "emulation": {
        "qemu": "arm",
        "cpu": "cortex-a7",
        "sysroot": "debian-12"
      },
      "knownIssues": [],
      "verified": []
    },
    {
      "schema": 1,
      "id": "linux-x64-glibc",
      "name": "Linux on x86-64 (glibc)",
      "class": "gateway",
      "tier": 1,
      "platform": {
        "os": "linux",
        "arch": "x64",
        "libc": {
          "family": "glibc",
          "min": "2.28"
        }
      },
      "node": {
        "vendored": "24.x",
        "min": "20.19"
      },
      "runtimes": [
        {
          "id": "onnxruntime-node",
          "range": ">=1.22 <2",
          "providers": [
            "cpu"
          ]
        },
        {
          "id": "onnxruntime-web",
          "range": ">=1.22 <2",
          "providers": [
            "wasm"
          ]
        },
        {
          "id": "tfjs",
          "range": ">=4.22 <5",
          "providers": [
            "wasm"
          ]
        }
      ],
      "budgets": {
        "agentReserveMiB": 160,
        "keepReleases": 2,
        "sessions": 2,
        "minFreeDiskMiB": 256
      },
      "storage": {
        "medium": "any",
        "dailyWriteMiB": 1024
      },
      "network": {
        "metered": false,
        "telemetryKiBPerHour": 512
      },
      "packaging": [
        "deb:amd64",
        "tar"
      ],
      "init": {
        "systemd": ">=247"
      },
      "match": [],
      "knownIssues": [],
      "verified": []
    }
  ],
  "runtimes": [
    {
      "schema": 1,
      "id": "onnxruntime-node",
      "family": "onnxruntime",
      "formats": [
        "onnx"
      ],
      "platforms": [
        {
          "os": "linux",
          "arch": "x64",
          "glibcMin": "2.28"
        },
        {
          "os": "linux",
          "arch": "arm64",
          "glibcMin": "2.28"
        }
      ],
      "providers": [
        "cpu",
        "cuda",
        "tensorrt"
      ],
      "measured": [
        {
          "version": "1.21.0",
          "opsetMax": 22,
          "irMax": 10
        },
        {
          "version": "1.24.3",
          "opsetMax": 25,
          "irMax": 13
        },
        {
          "version": "1.30.0",
          "opsetMax": 26,
          "irMax": 13
        }
      ],
      "knownBad": [
        {
          "range": "1.21.x",
          "arch": [
            "arm64"
          ],
          "cores": [
            "cortex-a53",
            "cortex-a72"
          ],
          "symptom": "SIGILL when a session is created",
          "measured": [
            "1.21.0"
          ],
          "refs": [
            "microsoft/onnxruntime#23957",
            "microsoft/onnxruntime#24112"
          ]
        }
      ],
      "memory": {
        "steadyFactor": 1.5,
        "peakFactor": 2.5,
        "swapPeakFactor": 3.6,
        "note": "loaded from a path on x64, 51.6 MiB fp32 model; from a buffer each is 1 higher"
      },
      "notes": [
        "1.22.0 runs on cortex-a53, a72 and a76 (emulated); its opset and IR ceilings were not measured, so those of 1.21.0 count.",
        "Openvino, xnnpack and unknown provider names run on the CPU without an error: a provider counts only once a session has run with it.",
        "It calls sched_setaffinity: a system call filter without @resources kills the process."
      ]
    },
    {
      "schema": 1,
      "id": "onnxruntime-web",
      "family": "onnxruntime",
      "formats": [
        "onnx"
      ],
      "platforms": [],
      "providers": [
        "wasm"
      ],
      "measured": [
        {
          "version": "1.30.0",
          "opsetMax": 26,
          "irMax": null
        }
      ],
      "knownBad": [],
      "memory": {
        "steadyFactor": 6.7,
        "peakFactor": 6.7,
        "swapPeakFactor": 9.6,
        "note": "never shrinks after a release is dropped: the process that holds it has to end"
      },
      "notes": []
    },
    {
      "schema": 1,
      "id": "tfjs",
      "family": "tfjs",
      "formats": [
        "tfjs"
      ],
      "platforms": [],
      "providers": [
        "wasm",
        "cpu",
        "tensorflow"
      ],
      "measured": [
        {
          "version": "4.22.0",
          "opsetMax": null,
          "irMax": null
        }
      ],
      "knownBad": [],
      "notes": [
        "4.22 is the last release (2024); core, layers, converter and the wasm backend run on x64, arm64 and armv7.",
        "tfjs-node is used where its owner has installed it; it is no dependency, for its install script downloads libtensorflow."
      ]
    }
  ]
};
