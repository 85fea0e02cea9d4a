// What Swagger UI lacks: Chinese labels beside its English ones, and names and structure for assistive technology.
"use strict";

const LABELS = {
  "Authorize": "授权", "Available authorizations": "可用的授权方式", "Logout": "退出授权", "Close": "关闭", "Cancel": "取消",
  "Authorized": "已授权", "Token URL:": "令牌地址：", "Flow:": "流程：", "Scopes:": "权限范围：", "Scopes": "权限范围", "select all": "全选",
  "select none": "全不选", "client_id:": "客户端编号：", "client_secret:": "客户端密钥：", "Authorization URL:": "授权地址：",
  "Parameters": "参数", "Request body": "请求体", "Request Body": "请求体", "Name": "名称", "Description": "说明", "No parameters": "无参数",
  "Try it out": "试一试", "Execute": "执行", "Clear": "清除", "Reset": "重置", "Send empty value": "发送空值",
  "Responses": "响应", "Response body": "响应体", "Response headers": "响应头", "Server response": "服务器响应",
  "Code": "状态码", "Details": "详情", "Links": "链接", "No links": "无链接", "Media type": "内容类型", "Headers:": "响应头：", "Type": "类型",
  "Request URL": "请求地址", "Curl": "cURL 命令", "Request duration": "请求用时", "Download": "下载", "Undocumented": "未说明",
  "Controls": "决定", "header.": "请求头。", "Controls ": "决定", "Example Value": "示例值", "Example value": "示例值", "Schema": "结构",
  "Model": "模型", "Schemas": "数据结构", "Examples:": "示例：", "Example Description": "示例说明", "Examples": "示例",
  "Expand all": "全部展开", "Collapse all": "全部收起", "Loading": "加载中", "Error": "错误", "Errors": "错误", "Hide": "收起", "Show": "展开",
  "required": "必填", "Default:": "默认值：", "Example:": "示例：", "Enum:": "可选值：", "Webhooks": "回调", "Callbacks": "回调",
  "Choose File": "选择文件", "Add string item": "添加一项", "Add item": "添加一项", "Remove": "移除", "Failed to fetch.": "请求失败。",
  "Possible Reasons:": "可能的原因：", "Failed to load API definition.": "接口描述加载失败。", "deprecated": "已弃用", "Servers": "服务器",
};

/** Gives a text its Chinese label; a text that has one is left alone. */
function label(node) {
  const text = node.data.trim();
  const chinese = Object.hasOwn(LABELS, text) ? LABELS[text] : undefined;
  if (chinese !== undefined && !node.parentElement.closest("code, pre, textarea, .renderedMarkdown, option")) {
    node.data = node.data.replace(text, `${chinese} ${text}`);
  }
}

/** Names what has no name, and takes a link out of the button that already does what it would. */
function repair(root) {
  for (const link of root.querySelectorAll("button a[href]")) link.removeAttribute("href");
  for (const button of root.querySelectorAll("button.close-modal")) button.setAttribute("aria-label", "关闭 Close");
  for (const field of root.querySelectorAll("input:not([aria-label]), select:not([aria-label]), textarea:not([aria-label])")) {
    if (field.labels === null || field.labels.length === 0) {
      const row = field.closest("tr[data-param-name]");
      const name = row === null ? field.placeholder || field.name : row.dataset.paramName;
      field.setAttribute("aria-label", name || (field.tagName === "SELECT" ? "选择 Choose" : "输入 Input"));
    }
  }
  for (const block of root.querySelectorAll("pre:not([tabindex])")) block.setAttribute("tabindex", "0");
}

function walk(node) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) label(walker.currentNode);
}

const page = document.getElementById("ui");
new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "characterData") label(change.target);
    for (const node of change.addedNodes) {
      if (node.nodeType === Node.TEXT_NODE) label(node);
      else if (node.nodeType === Node.ELEMENT_NODE) walk(node);
    }
  }
  repair(page);
}).observe(page, { childList: true, subtree: true, characterData: true });
