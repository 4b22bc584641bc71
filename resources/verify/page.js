// What the page does: a picture, the camera or a text in, a verdict out. Nothing leaves the device.
"use strict";

(() => {
  const TEXTS = {
    zh: {
      title: "追溯码验证", language: "English", picture: "选择含二维码的照片", camera: "用摄像头扫码",
      stop: "关闭摄像头", paste: "或粘贴二维码文本（PT1: 开头）", check: "验证", keys: "公钥清单",
      load: "载入公钥清单文件（JSON）", noKeys: "尚未载入公钥清单，无法验证签名。", someKeys: "已载入 {n} 个公钥，生成于 {at}",
      badKeys: "该文件不是公钥清单，或已损坏。", noCode: "图片中未找到二维码。请靠近、对焦、避免反光后重试。",
      noCamera: "无法使用摄像头，请改用照片。",
      cameraDenied: "未获得摄像头权限。请在浏览器设置中允许本页使用摄像头，或改用照片。",
      cameraNotHere: "浏览器仅允许经 https 打开的页面使用摄像头，请改用照片。", noPicture: "无法打开该图片。",
      note: "验证在本机离线完成，不上传任何数据。复制的标签同样能通过签名验证，请务必核对单号与包裹；召回信息以海关查询为准。",
      traceId: "追溯编号", itemId: "邮件/运单号", inventoryNo: "清单编号", issuer: "签发海关", issuedAt: "签发时间",
      status: "状态", kid: "密钥",
    },
    en: {
      title: "Verify a trace code", language: "中文", picture: "Choose a photograph of the code",
      camera: "Scan with the camera", stop: "Close the camera", paste: "or paste the code's text (begins with PT1:)",
      check: "Verify", keys: "Key list", load: "Load a key list file (JSON)",
      noKeys: "No key list is loaded; signatures cannot be verified.", someKeys: "{n} keys loaded, written {at}",
      badKeys: "The file is no key list, or is damaged.",
      noCode: "No QR code found in the picture. Move closer, focus, avoid glare, and try again.",
      noCamera: "The camera cannot be used; choose a photograph instead.",
      cameraDenied: "The camera was not permitted. Allow it for this page in the browser's settings, or choose a photograph.",
      cameraNotHere: "Browsers lend the camera only to pages opened by https; choose a photograph instead.", noPicture: "The picture cannot be opened.",
      note: "Everything happens on this device; nothing is sent. A copied label verifies like its original: compare the "
        + "number with the parcel. Recalls are known to customs only.",
      traceId: "Trace id", itemId: "Item", inventoryNo: "Inventory list", issuer: "Issuing office", issuedAt: "Issued",
      status: "Status", kid: "Key",
    },
  };
  const VERDICTS = {
    valid: ["good", "✓ 验证通过", "✓ Genuine", "请核对单号与包裹是否一致。", "Compare the number with the parcel."],
    wrong_signature: ["bad", "✗ 签名不符，疑为伪造", "✗ Forged: wrong signature", "以下内容不可信。", "Do not trust what it says."],
    unknown_key: ["care", "? 密钥未知", "? Unknown key", "请更新公钥清单后重试。", "Update the key list and try again."],
    unchecked: [
      "care", "? 未验证：本页无法验证国密 SM2 签名", "? Not checked: this page cannot verify SM2 signatures",
      "真伪未知，请在装有 SM2 组件的海关工位验证。", "It may be genuine or forged: have it verified at a customs station with SM2.",
    ],
    key_expired: ["care", "? 密钥不在有效期内", "? Key expired", "请核对时间并更新公钥清单。", "Check the clock and update the key list."],
    key_revoked: ["bad", "✗ 密钥已吊销", "✗ Key revoked", "以下内容不可信。", "Do not trust what it says."],
    malformed: ["bad", "✗ 不是海关追溯码", "✗ Not a trace code", "或读码有误，请重试。", "Or it was misread; try again."],
  };
  const STATUSES = {
    released: ["放行", "Released"], cond_released: ["附条件提离", "Conditionally released"], closed: ["结关", "Closed"],
    returned: ["退运", "Returned"], transferred: ["移交", "Transferred"], confiscated: ["收缴", "Confiscated"],
    destroyed: ["销毁", "Destroyed"], abandoned: ["放弃", "Abandoned"], held: ["暂存", "On hold"], detained: ["扣留", "Detained"],
  };
  const LARGEST_SIDE = 1600;

  const element = (id) => document.getElementById(id);
  let language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
  let keyList = { writtenAt: "", keys: new Map() };
  let shown = null;
  let stream = null;

  const say = (key) => TEXTS[language][key];
  const pick = (pair) => pair[language === "zh" ? 0 : 1];

  function translate() {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = say("title");
    for (const each of document.querySelectorAll("[data-text]")) each.textContent = say(each.dataset.text);
    element("language").textContent = say("language");
    element("camera").textContent = say(stream ? "stop" : "camera");
    const { keys, writtenAt } = keyList;
    element("keyState").textContent = keys.size
      ? say("someKeys").replace("{n}", keys.size).replace("{at}", new Date(writtenAt).toLocaleString())
      : say("noKeys");
    element("keys").open = !keys.size;
    if (shown) show(shown);
  }

  function show(outcome) {
    shown = outcome;
    const { verdict, problem } = outcome;
    const [look, zh, en, adviceZh, adviceEn] = verdict ? VERDICTS[verdict.kind] : ["care"];
    element("result").hidden = false;
    element("result").className = look;
    element("verdict").textContent = verdict ? pick([zh, en]) : say(problem);
    element("advice").textContent = verdict ? pick([adviceZh, adviceEn]) : "";
    document.body.dataset.verdict = verdict ? verdict.kind : problem;
    const rows = [];
    const claims = verdict?.claims;
    if (claims) {
      const grouped = claims.traceId.replace(/^(.{5})(.{4})(.{9})(.)$/, "$1-$2-$3-$4"); // as on the label
      rows.push(["traceId", grouped], ["itemId", claims.itemId], ["inventoryNo", claims.inventoryNo]);
      rows.push(["status", pick(STATUSES[claims.status])], ["issuer", claims.issuer]);
      rows.push(["issuedAt", new Date(claims.issuedAt * 1000).toLocaleString()], ["kid", verdict.kid]);
    }
    element("claims").replaceChildren(...rows.filter(([, value]) => value).flatMap(([name, value]) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = say(name);
      text.textContent = value;
      return [term, text];
    }));
  }

  // The verdict on one label must not stand there while another is looked at.
  function clear() {
    shown = null;
    element("result").hidden = true;
    delete document.body.dataset.verdict;
  }

  const check = async (text) => show({ verdict: await Trace.verify(text, keyList) });

  function pixels(source, width, height, scale) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.imageSmoothingQuality = "high";
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }

  // The text of the QR in a picture, or null. The browser's own reader first (Safari and old Android have none), then
  // jsQR at several sizes. Beside other QR codes ours is wanted.
  async function readQr(source, width, height, scales) {
    if ("BarcodeDetector" in window) {
      try {
        const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(source);
        const ours = found.find((each) => each.rawValue.startsWith(Trace.PREFIX)) ?? found[0];
        if (ours) return ours.rawValue;
      } catch (error) {
        console.warn("BarcodeDetector:", error); // announced but not there on some systems: jsQR reads
      }
    }
    const fit = Math.min(1, LARGEST_SIDE / Math.max(width, height));
    for (const scale of scales) {
      const image = pixels(source, width, height, fit * scale);
      const found = jsQR(image.data, image.width, image.height);
      if (found?.data) return found.data;
    }
    return null;
  }

  // An image element opens what any browser shows, HEIC on Apple's; createImageBitmap refuses files on older ones.
  async function openPicture(file) {
    const image = new Image();
    const address = URL.createObjectURL(file);
    try {
      image.src = address;
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  async function readPicture(file) {
    clear();
    let image;
    try {
      image = await openPicture(file);
    } catch (error) {
      return show({ problem: "noPicture" });
    }
    const text = await readQr(image, image.naturalWidth, image.naturalHeight, [1, 0.5, 2, 0.7]);
    return text === null ? show({ problem: "noCode" }) : check(text);
  }

  function closeCamera() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    element("live").hidden = true;
    translate();
  }

  function loseCamera(why) {
    closeCamera();
    const isDenied = why?.name === "NotAllowedError" || why?.name === "SecurityError";
    show({ problem: isDenied ? "cameraDenied" : navigator.mediaDevices ? "noCamera" : "cameraNotHere" });
  }

  async function openCamera() {
    if (stream) return closeCamera();
    clear();
    const live = element("live");
    element("camera").disabled = true; // a second press while it opens would leave a camera on for good
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
      });
      stream.getVideoTracks()[0].addEventListener("ended", loseCamera); // unplugged, or taken by another program
      live.srcObject = stream;
      await live.play();
    } catch (error) {
      return loseCamera(error);
    } finally {
      element("camera").disabled = false;
    }
    live.hidden = false;
    translate();
    return watch(live, stream);
  }

  async function watch(live, watched) {
    while (stream === watched) {
      const text = await readQr(live, live.videoWidth, live.videoHeight, [1]);
      if (text !== null && stream === watched) {
        closeCamera();
        return check(text);
      }
      await new Promise((resolve) => { setTimeout(resolve, 120); });
    }
    return null;
  }

  function takeKeys(text) {
    try {
      keyList = Trace.parseKeyList(text);
    } catch (error) {
      show({ problem: "badKeys" });
    }
    translate();
  }

  // A link to this page may carry the code: verify.html#PT1%3A...
  async function checkLink() {
    let text = location.hash.slice(1);
    try {
      text = decodeURIComponent(text);
    } catch (error) {
      // a code that was pasted as it is: its % are its own
    }
    if (text.startsWith(Trace.PREFIX)) await check(text);
  }

  element("picture").addEventListener("change", async ({ target }) => {
    if (target.files[0]) await readPicture(target.files[0]);
    target.value = ""; // the same file may be chosen again
  });
  element("camera").addEventListener("click", openCamera);
  element("check").addEventListener("click", () => check(element("text").value.trim()));
  element("keyFile").addEventListener("change", async ({ target }) => target.files[0] && takeKeys(await target.files[0].text()));
  element("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    translate();
  });
  window.addEventListener("hashchange", checkLink);
  const embedded = element("keyList").textContent.trim();
  if (embedded) takeKeys(embedded);
  translate();
  checkLink();
  element("start").hidden = true;
  document.body.dataset.ready = "yes";
})();
