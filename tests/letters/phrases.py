"""What invented customers write, in English, simplified and traditional Chinese."""

from __future__ import annotations

PEOPLE = {
    "en": ("Ann Archer", "Bob Baker", "Cara O'Neil", "Dov Levi", "Eve Müller", "Finn, Jr. Olsen", "Gina (Accounts) Rossi", "Hé Lène Dupré"),
    "zh": ("王小明", "李雷", "韩梅梅", "张伟", "刘洋", "陈镕", "赵敏", "欧阳娜娜"),
    "tw": ("林志明", "許功蓋", "陳怡君", "黃淑芬"),
}  # fmt: skip
SUBJECTS = {
    "en": ("Where is my order?", "Broken lamp", "Invoice is wrong", "Refund, please", "Question about size", "Café chairs – late again", "Delivery address"),
    "zh": ("订单还没收到", "退款申请", "发票开错了", "商品有质量问题", "咨询尺寸", "请修改收货地址", "投诉：客服态度差"),
    "tw": ("訂單還沒收到", "退貨申請", "發票開錯了", "請修改地址"),
}  # fmt: skip
SENTENCES = {
    "en": (
        "I ordered it three weeks ago and it still has not come.",
        "The box was open and the glass is broken.",
        "Could you please tell me what happens next?",
        "I paid €49.90 – the invoice says €59.90.",
        "This is the second time I write about it.",
        "I am very disappointed and would like a full refund.",
        "The parcel number is 1Z999AA10123456784.",
        "My address is 5 Mill Lane, York.",
        "Thank you for the quick answer last time!",
        "It’s a naïve question, but where do I find the manual?",
    ),
    "zh": (
        "我三周前下的单，到现在还没有收到货。",
        "盒子是打开的，玻璃也碎了。",
        "请告诉我下一步怎么处理。",
        "我付了299元，发票上写的是399元。",
        "这已经是我第二次写信了。",
        "我非常失望，要求全额退款。",
        "快递单号是SF1234567890。",
        "收货地址：上海市浦东新区世纪大道100号。",
        "谢谢你们上次的快速回复！",
        "说明书在哪里可以找到？",
    ),
    "tw": (
        "我三週前訂的貨，到現在還沒有收到。",
        "盒子是打開的，玻璃也碎了。",
        "請告訴我下一步怎麼處理。",
        "我付了299元，發票上寫的是399元。",
        "這已經是我第二次寫信了。",
        "我非常失望，要求全額退款。",
    ),
}
FILES = {
    "en": ("invoice.pdf", "photo of the lamp.jpg", "IMG_0042.JPG", "Rechnung März 2026.pdf", "quote \"final\" (2).docx", "a;b=c.txt"),
    "zh": ("发票.pdf", "照片 2026年3月.jpg", "付款凭证（最终版）.pdf", "收货地址变更申请表以及身份证明材料扫描件-2026.zip", "order.csv"),
    "tw": ("發票.pdf", "照片.jpg", "退貨單 2026.xlsx"),
}  # fmt: skip
